/* An OpenSSL of another version, as a plugin may bring it along: only the symbols matter. */
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

SSL* SSL_new(SSL_CTX* context) {
    return (SSL*)context;
}
