"""The proxies that are measured side by side, each with the same upstream settings: HTTP/1.1,
kept connections, one worker. Plain peers log and check nothing; Countermark has everything on."""
import os
import re
from dataclasses import dataclass

from .build import built, said_by
from .pages import COOKIE_NAME, USER
from .server import MAIN, Failed, Server, free_port

BINARY = os.path.abspath(os.environ.get("COUNTERMARK_BINARY")
                         or os.path.join(MAIN, "build", "release", "countermark"))
NGINX = "/usr/sbin/nginx"
NGINX_MODULES = "/usr/lib/nginx/modules"


@dataclass(frozen=True)
class Room:
    """What a proxy has to have room for, and its workers."""
    clients: int = 3500
    upstreams: int = 256
    workers: int = 1

    def descriptors(self):
        return self.clients + self.upstreams + 340


NGINX_MAIN = """{modules}
{user}
worker_processes {workers};
pid nginx.pid;
error_log error.log;
worker_rlimit_nofile 20000;
events {{ worker_connections {descriptors}; }}
http {{
    access_log off;
    default_type text/html;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{http}
}}
"""

# TLS 1.3 alone, so that all have the same cipher: the client's first, AES-256-GCM.
NGINX_TLS = """
        ssl_certificate {tls}/site.crt;
        ssl_certificate_key {tls}/site.key;
        ssl_protocols TLSv1.3;
        ssl_session_cache shared:tls:10m;
"""

# Buffers that take the largest page: with its own, nginx spends a quarter more at 128 KiB.
NGINX_PROXY = """
    upstream site {{
        server 127.0.0.1:{upstream};
        keepalive {upstreams};
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }}
    {before}
    server {{
        listen 127.0.0.1:{port} {secure} backlog=1024;
        {certificate}
        location / {{
            proxy_pass http://site;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffer_size 16k;
            proxy_buffers 72 16k;
            proxy_busy_buffers_size 64k;
            {inside}
        }}
    }}
"""

NGINX_ORIGIN = """
    sendfile on;
    tcp_nopush on;
    gzip_static on;
    gzip_proxied any;
    open_file_cache max=16 inactive=1h;
    open_file_cache_valid 1h;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        root pages;
    }}
"""

LUA = f"""
            body_filter_by_lua_block {{{{
                local piece = ngx.arg[1]
                if piece and string.find(piece, 'name="user-marker" content="{USER}"', 1, true) then
                    ngx.ctx.marked = true
                end
            }}}}
"""

MODSECURITY = """
            modsecurity on;
            modsecurity_rules '
                SecRuleEngine On
                SecResponseBodyAccess On
                SecResponseBodyMimeType text/html
                SecResponseBodyLimit 1048576
                SecRule RESPONSE_BODY "@contains another-user" "id:1,phase:4,deny,status:502"
            ';
"""

HAPROXY = """
global
    nbthread {workers}
    maxconn {clients}
    no strict-limits
defaults
    mode http
    option http-keep-alive
    http-reuse always
    timeout connect 5s
    timeout client 1h
    timeout server 1h
frontend clients
    bind 127.0.0.1:{port} backlog 1024 {secure}
    default_backend site
backend site
    server origin 127.0.0.1:{upstream} pool-max-conn {upstreams}
"""

COUNTERMARK = """
listen:
  - address: 127.0.0.1:{port}{secure}
workers: {workers}
upstreams:
  - name: site
    servers: ["http://127.0.0.1:{upstream}"]
    connections_max: {upstreams}
    timeouts: {{ idle: 1h }}
session:
  cookies: [{cookie}]
login:
  request: ["POST /login"]
  user_field: userid
markers:
  - name: owner
    find: ["meta:user-marker", "header:X-User-Marker"]
    must_be: requester
features:
  - {{ name: login, paths: [/login, /mypage/**] }}
routes:
  - path: /**
    require: [owner]
    unmarked: refuse
state: {folder}/state
access_log: {folder}/access.log
admin:
  socket: {folder}/admin.sock
  address: 127.0.0.1:{admin}
limits: {{ connections_max: {clients}, connections_per_address_max: {clients}, idle_timeout: 1h }}
mode: enforce
"""


COUNTERMARK_TLS = """
    tls:
      certificate: {tls}/site.crt
      key: {tls}/site.key"""


def make_certificate(folder):
    """A key and its certificate of P-256, also as one file; returns their folder."""
    os.makedirs(folder)
    said = output_of(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                      "/CN=localhost", "-keyout", f"{folder}/site.key", "-out",
                      f"{folder}/site.crt"])
    if not os.path.exists(f"{folder}/site.crt"):
        raise Failed(f"openssl makes no certificate: {said}")
    with open(f"{folder}/site.pem", "wb") as out:
        for name in ("site.crt", "site.key"):
            with open(f"{folder}/{name}", "rb") as file:
                out.write(file.read())
    return folder


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def output_of(argv):
    return said_by(argv)[1]


def nginx_argv(folder, http, modules=(), main="", room=Room()):
    text = NGINX_MAIN.format(
        modules="\n".join(f"load_module {NGINX_MODULES}/{module}.so;" for module in modules),
        user="user root;" if os.geteuid() == 0 else "", http=http, workers=room.workers,
        descriptors=room.descriptors())
    path = write(folder, "nginx.conf", text)
    return [NGINX, "-p", folder, "-c", path, "-e", f"{folder}/start.log",
            "-g", f"daemon off; {main}"]


class Nginx:
    name = "nginx"
    what = "nginx, plain proxy"
    modules = ()
    before = inside = ""

    def missing(self):
        """Why this peer cannot be measured here, or None."""
        if not os.access(NGINX, os.X_OK):
            return "nginx is not installed"
        gone = [module for module in self.modules
                if not os.path.exists(f"{NGINX_MODULES}/{module}.so")]
        return f"{', '.join(gone)} is not installed" if gone else None

    def version(self):
        return re.sub(r".*/", "", output_of([NGINX, "-v"]).strip())

    def argv(self, folder, port, upstream, single=False, tls=None, room=Room()):
        """`single`: all in one process, for instruction counts."""
        http = NGINX_PROXY.format(port=port, upstream=upstream, before=self.before,
                                  inside=self.inside.format(),
                                  secure="ssl http2" if tls else "", upstreams=room.upstreams,
                                  certificate=NGINX_TLS.format(tls=tls) if tls else "")
        return nginx_argv(folder, http, self.modules, "master_process off;" if single else "",
                          room)


class NginxLua(Nginx):
    name = "lua"
    what = "nginx + Lua body filter that looks for one marker"
    modules = ("ndk_http_module", "ngx_http_lua_module")
    inside = LUA


class NginxModSecurity(Nginx):
    name = "modsecurity"
    what = "nginx + ModSecurity, one response rule"
    modules = ("ngx_http_modsecurity_module",)
    inside = MODSECURITY


class Haproxy:
    name = "haproxy"
    what = "HAProxy, plain proxy"

    def missing(self):
        return None if os.access("/usr/sbin/haproxy", os.X_OK) else "haproxy is not installed"

    def version(self):
        return output_of(["/usr/sbin/haproxy", "-v"]).split()[2]

    def argv(self, folder, port, upstream, single=False, tls=None, room=Room()):
        secure = f"ssl crt {tls}/site.pem ssl-min-ver TLSv1.3 alpn h2,http/1.1" if tls else ""
        path = write(folder, "haproxy.cfg",
                     HAPROXY.format(port=port, upstream=upstream, secure=secure, **vars(room)))
        return ["/usr/sbin/haproxy", "-db", "-f", path]


class Floor:
    name = "floor"
    what = "floor: a bare libuv relay that checks nothing"

    def missing(self):
        return None

    def version(self):
        return "libuv " + output_of(["pkg-config", "--modversion", "libuv"]).strip()

    def argv(self, folder, port, upstream, single=False, tls=None, room=Room()):
        if tls:
            raise Failed("the floor has no TLS; leave it out with --peers")
        return [built("floor", "libuv"), str(port), str(upstream)]


class Countermark:
    name = "countermark"
    what = "Countermark, everything on"

    def missing(self):
        return None if os.access(BINARY, os.X_OK) else \
            "there is no release binary; ./run build makes it, or set COUNTERMARK_BINARY"

    def version(self):
        return (output_of([BINARY, "version"]).strip().splitlines() or ["?"])[0]

    def argv(self, folder, port, upstream, single=False, tls=None, room=Room()):
        path = write(folder, "countermark.yaml", COUNTERMARK.format(
            port=port, secure=COUNTERMARK_TLS.format(tls=tls) if tls else "",
            upstream=upstream, folder=folder, cookie=COOKIE_NAME, admin=free_port(), **vars(room)))
        return [BINARY, "serve", "--config", path]


PEERS = {peer.name: peer for peer in
         (Countermark(), Nginx(), Haproxy(), Floor(), NginxLua(), NginxModSecurity())}


def present(names):
    """The peers that can be measured here. Countermark itself is never left out unasked."""
    found = []
    for name in names:
        reason = PEERS[name].missing()
        if reason is None:
            found.append(name)
        elif name == "countermark":
            raise Failed(f"{reason}. --peers measures the others alone")
        else:
            print(f"{name} is left out: {reason}")
    return found


def start_origin(folder, pages_writer, cores, room=Room()):
    """nginx with the pages as files, on a port of its own."""
    os.makedirs(os.path.join(folder, "pages"))
    pages_writer(os.path.join(folder, "pages"))
    port = free_port()
    argv = nginx_argv(folder, NGINX_ORIGIN.format(port=port), room=room)
    return Server("origin", argv, folder, port, cores)


def start_peer(peer, folder, upstream, cores, tls=None, room=Room()):
    os.makedirs(folder)
    port = free_port()
    argv = peer.argv(folder, port, upstream, tls=tls, room=room)
    return Server(peer.name, argv, folder, port, cores)
