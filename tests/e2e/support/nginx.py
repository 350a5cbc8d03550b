"""Debian's nginx with a prefix of its own; nothing of the system's configuration is read."""
import os

from .ports import accepts, wait_until
from .processes import Child

MAIN = """{user}
worker_processes 1;
pid {prefix}/nginx.pid;
error_log {prefix}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
{http}
}}
"""

# The accident of Steam and Klarna: personal pages in a cache that everybody shares.
CACHE = """
    proxy_cache_path {prefix}/cache keys_zone=pages:1m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_cache pages;
            proxy_cache_valid 200 10m;
            proxy_ignore_headers {ignored};
            add_header X-Cache $upstream_cache_status;
        }}
        location ~* login {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
        }}
    }}
"""


class Nginx:
    def __init__(self, folder, port, http):
        """`http`: what stands in the http block; {prefix} and {port} are filled in."""
        self.port = port
        prefix = os.path.join(folder, f"nginx-{port}")
        os.makedirs(prefix)
        config = os.path.join(prefix, "nginx.conf")
        user = "user root;" if os.geteuid() == 0 else ""
        with open(config, "w", encoding="utf-8") as out:
            out.write(MAIN.format(prefix=prefix, user=user, http=http.format(prefix=prefix,
                                                                             port=port)))
        self.child = Child("nginx", ["/usr/sbin/nginx", "-p", prefix, "-c", config,
                                     "-e", f"{prefix}/start.log", "-g", "daemon off;"], prefix)
        wait_until(lambda: accepts(port), 10, "nginx listens")

    def stop(self):
        self.child.stop(5)


def caching(folder, port, upstream, ignored="Set-Cookie Cache-Control"):
    """nginx with proxy_cache in front of `upstream`; `ignored` fields do not keep a page out."""
    return Nginx(folder, port, CACHE.replace("{upstream}", str(upstream))
                 .replace("{ignored}", ignored))


# TLS in front of a site; what may ask is in `more`.
TLS = """
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_session_cache shared:tls:1m;
        {more}
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_set_header X-Tls "$ssl_server_name $ssl_session_reused $ssl_client_s_dn";
        }}
    }}
"""


def securing(folder, port, upstream, pair, more=""):
    """nginx that speaks TLS in front of `upstream`, with a certificate and its key."""
    return Nginx(folder, port, TLS.replace("{upstream}", str(upstream))
                 .replace("{certificate}", pair[0]).replace("{key}", pair[1])
                 .replace("{more}", more))


# A cache that does what the fields say, and no more.
OBEDIENT = """
    proxy_cache_path {prefix}/cache keys_zone=pages:1m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_cache pages;
            add_header X-Cache $upstream_cache_status;
        }}
    }}
"""


def obedient(folder, port, upstream):
    """nginx with proxy_cache that keeps what the answers allow it to keep."""
    return Nginx(folder, port, OBEDIENT.replace("{upstream}", str(upstream)))
