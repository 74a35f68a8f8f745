#pragma once

#include <memory>
#include <string>
#include <string_view>

typedef struct evp_md_ctx_st EVP_MD_CTX;

namespace evenkeel::files {

// One SHA-256 over what is added. Throws EK_E_UNAVAILABLE where OpenSSL has none.
class Sha256 {
  public:
    Sha256();
    void add(std::string_view bytes);
    std::string hex();  // 64 lower-case hex digits; nothing can be added after it

  private:
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace evenkeel::files
