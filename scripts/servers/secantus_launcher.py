"""Runs SecantusDB, a server that speaks MongoDB's protocol.

Its own command line can neither name the replica set nor make the first user, so this starts the
server from a JSON object of settings in the first argument. With a user, the server starts open,
the user is made, and only then is authentication required.
"""

import json
import signal
import sys
import threading
from uuid import uuid4
from weakref import WeakValueDictionary

import secantus.server
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from secantus.server import SecantusDBServer
from secantus.storage import Storage

USER_EXISTS = 51003

settings = json.loads(sys.argv[1])
tls = settings.get("tls")
user = settings.get("user")

sessions = WeakValueDictionary()
looking_up = threading.Lock()
run = secantus.server.dispatch


def run_alone_in_session(command, context):
    """In MongoDB a session makes one write at a time, so one that is sent again waits for the first and
    finds it made. Without that, both are made."""
    session = command.get("lsid")
    if not session or "txnNumber" not in command:
        return run(command, context)
    with looking_up:
        turn = sessions.setdefault(bytes(session["id"]), threading.Lock())
    with turn:
        return run(command, context)


secantus.server.dispatch = run_alone_in_session


def uuid_of_what_is_there(storage, db, collection):
    """Whoever lists collections asks for the UUID of each, which is stored where there is none. That brings
    a collection back that was dropped since its name was read."""
    with storage._lock:
        storage._refresh_read_snapshot()
        if storage._coll_options(db, collection) is None:
            return uuid4()
        return storage._collection_uuid(db, collection)


Storage.collection_uuid = uuid_of_what_is_there

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
