#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

typedef struct evp_md_ctx_st EVP_MD_CTX;

namespace evenkeel::files {

// A SHA-256 as it is, half as long as its text.
using Digest = std::array<unsigned char, 32>;
// 64 lower-case hex digits, and back; what is no such text gives another digest.
std::string hex_of(const Digest& digest);
Digest digest_of(std::string_view hex);

// One SHA-256 over what is added. Throws EK_E_UNAVAILABLE where OpenSSL has none.
class Sha256 {
  public:
    Sha256();
    void add(std::string_view bytes);
    Digest digest();  // nothing can be added after it
    std::string hex() { return hex_of(digest()); }

  private:
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace evenkeel::files
