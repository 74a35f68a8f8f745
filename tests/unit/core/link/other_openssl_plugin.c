typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;
SSL* SSL_new(SSL_CTX* context);

void* connection_of(void* context) {
    return SSL_new((SSL_CTX*)context);
}
