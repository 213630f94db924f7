/* NULL, ECHO and COMBINE by libtirpc and what rpcgen makes of beehive.x: client ADDRESS ECHO_PORT ERASURE_PORT. */
#include "beehive.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64, SHARDS = 3, ROWS = 2, LENGTH = 100, BLOCKS = 2 };

static void check(int right, const char *what)
{
    if (!right) {
        fprintf(stderr, "wrong: %s\n", what);
        exit(1);
    }
}

/* A client of a program at a port that is known: no portmapper is asked. Sends again after 300 ms. */
static CLIENT *program(const char *address, const char *port, rpcprog_t number, rpcvers_t version)
{
    struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
    struct timeval again = { 0, 300000 };
    int sock = RPC_ANYSOCK;
    check(inet_pton(AF_INET, address, &server.sin_addr) == 1, "address");
    CLIENT *client = clntudp_create(&server, number, version, again, &sock);
    if (client == NULL) {
        clnt_pcreateerror("clntudp_create");
        exit(1);
    }
    return client;
}

static void null(CLIENT *client)
{
    struct timeval patience = { 10, 0 };
    enum clnt_stat status =
        clnt_call(client, NULLPROC, (xdrproc_t)xdr_void, NULL, (xdrproc_t)xdr_void, NULL, patience);
    check(status == RPC_SUCCESS, clnt_sperrno(status));
}

/* In GF(2^8) with the polynomial 0x11d. */
static unsigned char product(unsigned a, unsigned b)
{
    unsigned sum = 0;
    for (; b != 0; b >>= 1) {
        if (b & 1)
            sum ^= a;
        a = a << 1 ^ (a & 0x80 ? 0x11d : 0);
    }
    return sum;
}

static void echo(CLIENT *client)
{
    for (unsigned length = 0; length < 70; length++) {
        char bytes[70];
        memset(bytes, 'a' + length % 26, sizeof bytes);
        beehive_arguments arguments = { { 10, 11, 12, 13, 0xffffffff }, { length, bytes } };
        beehive_results *results = beehive_echo_echo_1(&arguments, client);
        check(results != NULL, clnt_sperror(client, "ECHO"));
        check(memcmp(results->words, arguments.words, sizeof arguments.words) == 0, "words of ECHO");
        check(results->words[5] == 0 && results->words[6] == 0, "zeros of ECHO");
        check(results->data.data_len == length, "length of ECHO");
        check(memcmp(results->data.data_val, bytes, length) == 0, "data of ECHO");
        check(clnt_freeres(client, (xdrproc_t)xdr_beehive_results, (caddr_t)results), "clnt_freeres");
    }
}

static void combine(CLIENT *client)
{
    static unsigned char data[BLOCK * (1 + SHARDS * BLOCKS)], shards[SHARDS][LENGTH], coefficients[ROWS][SHARDS];
    for (int i = 0; i < SHARDS; i++) {
        for (int r = 0; r < ROWS; r++)
            data[4 * i + r] = coefficients[r][i] = rand();
        for (int at = 0; at < LENGTH; at++)
            data[BLOCK * (1 + at / BLOCK * SHARDS + i) + at % BLOCK] = shards[i][at] = rand();
    }
    beehive_arguments arguments = { { SHARDS, ROWS, LENGTH, 0, 0 }, { sizeof data, (char *)data } };
    beehive_results *results = beehive_erasure_combine_1(&arguments, client);
    check(results != NULL, clnt_sperror(client, "COMBINE"));
    check(memcmp(results->words, (u_int[7]){ SHARDS, ROWS, LENGTH }, sizeof results->words) == 0, "words of COMBINE");
    check(results->data.data_len == BLOCK * ROWS * BLOCKS, "length of COMBINE");
    for (int at = 0; at < BLOCK * BLOCKS; at++) {
        for (int r = 0; r < ROWS; r++) {
            unsigned char sum = 0;
            for (int i = 0; at < LENGTH && i < SHARDS; i++)
                sum ^= product(coefficients[r][i], shards[i][at]);
            unsigned char got = results->data.data_val[BLOCK * (at / BLOCK * ROWS + r) + at % BLOCK];
            check(got == sum, "rows of COMBINE");
        }
    }
    /* One byte less is refused, and the library understands how. */
    arguments.data.data_len--;
    struct rpc_err error;
    check(beehive_erasure_combine_1(&arguments, client) == NULL, "a shard too short");
    clnt_geterr(client, &error);
    check(error.re_status == RPC_CANTDECODEARGS, "GARBAGE_ARGS");
}

int main(int argc, char **argv)
{
    check(argc == 4, "arguments: ADDRESS ECHO_PORT ERASURE_PORT");
    alarm(60);
    CLIENT *echoes = program(argv[1], argv[2], BEEHIVE_ECHO, BEEHIVE_ECHO_V1);
    CLIENT *erasure = program(argv[1], argv[3], BEEHIVE_ERASURE, BEEHIVE_ERASURE_V1);
    null(echoes);
    null(erasure);
    echo(echoes);
    combine(erasure);
    puts("NULL, ECHO, COMBINE: right");
    return 0;
}
