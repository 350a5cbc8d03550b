"""Debian's varnishd with its working directory in the folder of the test."""
import os

from .ports import accepts, wait_until
from .processes import Child

# Its built-in rules keep requests with cookies out; sites that cache "static" pages undo that.
VCL = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{upstream}"; }}
sub vcl_recv {{
    if (req.method == "GET") {{ return (hash); }}
}}
sub vcl_deliver {{
    if (obj.hits > 0) {{ set resp.http.X-Cache = "HIT"; }}
}}
"""


class Varnish:
    def __init__(self, folder, port, upstream):
        self.port = port
        place = os.path.join(folder, f"varnish-{port}")
        os.makedirs(place)
        vcl = os.path.join(place, "default.vcl")
        with open(vcl, "w", encoding="ascii") as out:
            out.write(VCL.format(upstream=upstream))
        self.child = Child("varnish", ["/usr/sbin/varnishd", "-F", "-j", "none", "-n",
                                       os.path.join(place, "work"), "-f", vcl, "-s",
                                       "malloc,16m", "-a", f"127.0.0.1:{port}"], place)
        wait_until(lambda: accepts(port), 30, "varnish listens")

    def stop(self):
        self.child.stop(10)
