"""Where one part is measured: a folder, the cores, and servers that end with it."""
import os

from . import machine
from .pages import write_all
from .peers import PEERS, Room, make_certificate, start_origin, start_peer


class Ground:
    def __init__(self, folder):
        os.makedirs(folder)
        self.folder = folder
        self.proxy_cores, self.origin_cores, self.load_cores = machine.cores()
        self._servers = []
        self._tls = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self._servers:
            server.stop()

    def _new_folder(self, name):
        return os.path.join(self.folder, f"{len(self._servers)}-{name}")

    def everywhere(self):
        """No server gets cores of its own from here on."""
        self.proxy_cores = self.origin_cores = self.load_cores = ()

    def tls(self):
        """The folder of the one certificate."""
        self._tls = self._tls or make_certificate(os.path.join(self.folder, "tls"))
        return self._tls

    def origin(self, room=Room()):
        server = start_origin(self._new_folder("origin"), write_all, self.origin_cores, room)
        self._servers.append(server)
        return server

    def peer(self, name, origin, tls=None, room=Room()):
        server = start_peer(PEERS[name], self._new_folder(name), origin.port, self.proxy_cores,
                            tls, room)
        self._servers.append(server)
        return server

    def stop(self, server):
        self._servers.remove(server)
        server.stop()
