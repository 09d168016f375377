"""Runs SecantusDB, a server that speaks MongoDB's protocol.

Its own command line can neither name the replica set nor make the first user, so this starts the
server from a JSON object of settings in the first argument. With a user, the server starts open,
the user is made, and only then is authentication required.
"""

import json
import signal
import sys
import threading

from pymongo import MongoClient
from pymongo.errors import OperationFailure
from secantus.server import SecantusDBServer

USER_EXISTS = 51003

settings = json.loads(sys.argv[1])
tls = settings.get("tls")
user = settings.get("user")

server = SecantusDBServer(
    host=settings["host"],
    port=settings["port"],
    storage_path=settings["data"],
    replica_set_name=settings.get("replica_set"),
    enable_test_commands=True,
    cache_size="128M",
    tls_cert_file=tls and tls["cert_file"],
    tls_key_file=tls and tls["key_file"],
)
server.start()

if user:
    options = {"tls": True, "tlsCAFile": tls["ca_file"], "tlsAllowInvalidCertificates": True} if tls else {}
    with MongoClient(settings["host"], settings["port"], directConnection=True, **options) as client:
        try:
            client.admin.command("createUser", user["name"], pwd=user["password"], roles=["root"])
        except OperationFailure as error:
            if error.code != USER_EXISTS:
                raise
    server.require_auth = True

stop = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: stop.set())
stop.wait()
server.stop()
