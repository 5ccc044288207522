"""Connections to PostgreSQL: encrypted, to the server that is meant, and never waited for without
end."""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import BoundedSemaphore
from typing import Any

import psycopg2
from psycopg2 import extensions
from psycopg2.pool import PoolError, ThreadedConnectionPool

from sentiment.settings import Settings


class Connection(extensions.connection):
    """A connection that gives up when the server does not answer in time.

    The password is read when the connection opens, so that a new one needs no restart.
    """

    def __init__(self, dsn: str, settings: Settings) -> None:
        self.seconds = settings.database_seconds
        password = settings.database_password_file.read_text("utf-8").rstrip("\n")
        super().__init__(extensions.make_dsn(dsn, password=password))


def _wait(connection: Any) -> None:
    """Wait for the server as long as a connection may; psycopg2 calls this instead of blocking.

    A refused connection fails by itself. A server that is frozen, or behind a cut cable, does not:
    its own timeouts stand still with it, so that the client has to look at its clock.
    """
    deadline = time.monotonic() + connection.seconds
    while (state := connection.poll()) != extensions.POLL_OK:
        answer = select.poll()
        answer.register(
            connection, select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        )
        if not answer.poll(max(0, deadline - time.monotonic()) * 1_000):
            raise psycopg2.OperationalError(f"no answer within {connection.seconds:g} s")


extensions.set_wait_callback(_wait)


class Database:
    """A pool: connections that are opened when one is needed, and kept for the next."""

    def __init__(self, settings: Settings, connections: int) -> None:
        self._seconds = settings.database_seconds
        self._free = BoundedSemaphore(connections)  # the pool itself refuses instead of waiting
        self._pool = ThreadedConnectionPool(
            0,  # opened now: so the API starts without its database
            connections,
            connection_factory=partial(Connection, settings=settings),
            host=settings.database_host,
            port=settings.database_port,
            dbname=settings.database_name,
            user=settings.database_user,
            sslmode="verify-full",  # encrypted, vouched for by our CA, and by the name asked for
            sslrootcert=settings.database_ca_file,
            application_name="sentiment",
            options=f"-c statement_timeout={settings.database_seconds * 1_000:.0f}",
        )
        self._pool.minconn = connections  # how many are kept, rather than closed, when given back

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """One transaction: committed at the end, or undone, and its connection closed, by an error.

        Raises:
            psycopg2.Error, OSError: the database or a file with a credential is not to be had.
        """
        if not self._free.acquire(timeout=self._seconds):
            raise PoolError(f"no connection was free within {self._seconds:g} s")
        try:
            connection = self._take()
            try:
                with connection.cursor() as cursor:
                    yield cursor
                connection.commit()
            except BaseException:
                self._pool.putconn(connection, close=True)
                raise
            self._pool.putconn(connection)
        finally:
            self._free.release()

    def _take(self) -> Any:
        """A connection that the server has not ended meanwhile, as by its own restart.

        The server says nothing unless it is asked; if there is something to read, it is goodbye.
        """
        while True:
            connection = self._pool.getconn()
            if not select.select([connection], [], [], 0)[0]:
                return connection
            self._pool.putconn(connection, close=True)

    def close(self) -> None:
        self._pool.closeall()
