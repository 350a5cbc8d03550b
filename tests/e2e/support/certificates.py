"""Certificates of an authority of the tests' own, made by the `openssl` command."""
import os
import ssl
import subprocess


class Authority:
    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.name = name
        self.pem = self._path(name, "pem")
        self.key = self._path(name, "key")
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-keyout", self.key, "-out", self.pem, "-days", "3650", "-subj", f"/CN={name}",
                  "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")

    def _path(self, name, kind):
        return os.path.join(self.folder, f"{name}.{kind}")

    def _run(self, *words):
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stderr

    def issue(self, name, alternatives=None, days=90, key="ec", common_name=None):
        """(certificate, key) of `name`; `alternatives`: as subjectAltName has them."""
        certificate, secret = self._path(name, "crt"), self._path(name, "p8")
        request, extensions = self._path(name, "csr"), self._path(name, "ext")
        kind = ["-newkey", "rsa:2048"] if key == "rsa" else \
            ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self._run("req", *kind, "-nodes", "-keyout", secret, "-out", request,
                  "-subj", f"/CN={common_name or name}")
        with open(extensions, "w", encoding="ascii") as out:
            out.write(f"subjectAltName={alternatives or 'DNS:' + name}\n")
        self._run("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key,
                  "-CAcreateserial", "-out", certificate, "-days", str(days), "-extfile", extensions)
        return certificate, secret

    def vouch(self, certificate):
        """An OCSP answer, in DER: good, for a week."""
        serial = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-serial"],
                                capture_output=True, text=True, check=True).stdout.strip()[7:]
        index, answer = self._path("index", "txt"), certificate + ".ocsp"
        with open(index, "w", encoding="ascii") as out:
            out.write(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN=x\n")
        self._run("ocsp", "-index", index, "-CA", self.pem, "-rsigner", self.pem, "-rkey", self.key,
                  "-issuer", self.pem, "-cert", certificate, "-respout", answer, "-ndays", "7")
        return answer

    def client_context(self, certificate=None):
        """Python's TLS of a client that trusts us; `certificate`: a pair of its own."""
        context = ssl.create_default_context(cafile=self.pem)
        if certificate:
            context.load_cert_chain(*certificate)
        return context
