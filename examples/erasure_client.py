#!/usr/bin/env python3
"""Encodes shards by the card, loses two and brings them back. Written from docs/wire-formats.md alone."""
import argparse, os, socket, struct, sys

K, M, SIZE, COLUMN = 8, 2, 1000, 128  # 8 shards of 128 bytes are a datagram of 1180 bytes


def check(right, what):
    if not right:
        sys.exit(f"wrong: {what}")


def times(a, b):
    """The product in GF(2^8), polynomial 0x11d."""
    product = 0
    while b:
        product, a, b = product ^ a * (b & 1), a << 1 ^ 0x11D * (a >> 7), b >> 1
    return product


PRODUCTS = [bytes(times(a, b) for b in range(256)) for a in range(256)]


def combine(matrix, shards):
    """Rows of a matrix times shards, byte by byte; with the rows of another matrix as shards, their product."""
    rows = [0] * len(matrix)
    for r, row in enumerate(matrix):
        for c, shard in zip(row, shards):
            rows[r] ^= int.from_bytes(shard.translate(PRODUCTS[c]), "big")
    return [row.to_bytes(len(shards[0]), "big") for row in rows]


def invert(matrix):
    """The inverse, by Gauss and Jordan."""
    m = [bytes(row) + bytes(i == j for j in range(len(matrix))) for i, row in enumerate(matrix)]
    for i in range(len(m)):
        pivot = next(r for r in range(i, len(m)) if m[r][i])
        m[i], m[pivot] = m[pivot], m[i]
        m[i] = m[i].translate(PRODUCTS[PRODUCTS[m[i][i]].index(1)])
        m = [row if r == i else combine([[1, row[i]]], [row, m[i]])[0] for r, row in enumerate(m)]
    return [row[len(m) :] for row in m]


class Program:
    """A program of the card, at its port."""

    def __init__(self, host, port, number):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, port))  # datagrams of others are dropped
        self.number, self.xid = number, int.from_bytes(os.urandom(4), "big")

    def call(self, procedure, arguments=b""):
        """The results. What gets no reply is sent again."""
        self.xid = self.xid + 1 & 0xFFFFFFFF
        call = struct.pack(">10I", self.xid, 0, 2, self.number, 1, procedure, 0, 0, 0, 0) + arguments
        for patience in [0.2, 0.4, 0.8, 1.6, 3.2]:
            self.socket.settimeout(patience)
            self.socket.send(call)
            try:
                while (reply := self.socket.recv(65536))[:4] != call[:4]:
                    pass  # of an earlier call
            except (socket.timeout, ConnectionError):
                continue
            check(reply[4:24] == struct.pack(">5I", 1, 0, 0, 0, 0), f"reply {reply.hex(' ', 4)} to procedure {procedure}")
            return reply[24:]
        sys.exit(f"no reply from {self.socket.getpeername()}")

    def procedure_1(self, words, data):
        """ECHO or COMBINE: five words and data there, seven words and data back, with place and cycles."""
        results = self.call(1, struct.pack(">6I", *words, len(data)) + data + bytes(-len(data) % 4))
        *words, place, cycles, length = struct.unpack_from(">10I", results)
        data = results[40 : 40 + length]
        check(len(data) == length and results[40:] == data + bytes(-length % 4), "length of the results")
        return words, data, place, cycles


def by_card(erasure, matrix, shards):
    """`combine` by the card, some columns at a time."""
    rows, coefficients = [b""] * len(matrix), bytearray(-(-len(shards) // 16) * 64)
    for r, row in enumerate(matrix):
        coefficients[r : 4 * len(shards) : 4] = row
    for start in range(0, len(shards[0]), COLUMN):
        columns = [s[start : start + COLUMN] for s in shards]
        length, blocks = len(columns[0]), range(0, len(columns[0]), 64)
        data = bytes(coefficients) + b"".join(c[at : at + 64].ljust(64, b"\0") for at in blocks for c in columns)
        asked = [len(shards), len(matrix), length, 0, 0]
        words, data, _, _ = erasure.procedure_1(asked, data)
        check(words == asked + [0, 0] and len(data) == 64 * len(matrix) * len(blocks), "outline of COMBINE")
        for r in range(len(matrix)):
            row = b"".join(data[at : at + 64] for at in range(64 * r, len(data), 64 * len(matrix)))
            check(not any(row[length:]), "padding of COMBINE")
            rows[r] += row[:length]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("--echo-port", type=int, default=20901)
    parser.add_argument("--erasure-port", type=int, default=20902)
    options = parser.parse_args()
    echo = Program(options.host, options.echo_port, 0x20BEE001)
    erasure = Program(options.host, options.erasure_port, 0x20BEE002)
    check(echo.call(0) == b"" and erasure.call(0) == b"", "NULL")
    for length in 0, 5, 64, 1000:
        words, data = list(os.urandom(5)), os.urandom(length)
        results = echo.procedure_1(words, data)
        check(results[:2] == (words + [0, 0], data), f"ECHO of {length} bytes")
    print(f"NULL and ECHO are right; the last took {results[3]} cycles in tile {results[2] % 16}, {results[2] // 16}")

    powers = [[1] for _ in range(K + M)]
    for r, row in enumerate(powers):
        while len(row) < K:
            row.append(times(row[-1], r))
    matrix = combine(powers, invert(powers[:K]))
    data = [os.urandom(SIZE) for _ in range(K)]
    shards = data + by_card(erasure, matrix[K:], data)
    check(shards[K:] == combine(matrix[K:], data), "parity")
    print(f"COMBINE: parity of {K} + {M} shards of {SIZE} bytes is right")
    for lost in [0, 1], [2, 7], [3, 8]:
        left = [i for i in range(K + M) if i not in lost][:K]
        rows = combine([matrix[i] for i in lost], invert([matrix[i] for i in left]))
        check(by_card(erasure, rows, [shards[i] for i in left]) == [shards[i] for i in lost], f"shards {lost}")
        print(f"COMBINE: shards {lost[0]}, {lost[1]} are back")


if __name__ == "__main__":
    main()
