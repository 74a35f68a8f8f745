#include "plugins/files/content.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include <evenkeel/cpp/write.hpp>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::files {

namespace {

class Sha256 {
  public:
    Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
    }
    void add(std::string_view bytes) {
        require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
    }
    std::string hex() {
        static constexpr char kDigits[] = "0123456789abcdef";
        std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
        unsigned length = 0;
        require(EVP_DigestFinal_ex(context_.get(), bytes.data(), &length) == 1);
        std::string text;
        for (unsigned i = 0; i < length; ++i)
            (text += kDigits[bytes[i] >> 4]) += kDigits[bytes[i] & 15];
        return text;
    }

  private:
    static void require(bool good) {
        if (!good) throw sdk::Failure(EK_E_UNAVAILABLE, "OpenSSL has no SHA-256 here");
    }
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace

std::string Content::json(std::string_view diff) const {
    sdk::Object object;
    object.text("sha256", sha256).number("size", static_cast<std::int64_t>(size));
    if (!diff.empty()) object.text("diff", diff);
    return object.json();
}

Content content_of(std::string_view bytes) {
    Sha256 sum;
    sum.add(bytes);
    return {sum.hex(), bytes.size(), std::string(bytes)};
}

Content read_content(int fd, const std::string& path, bool keep, const sdk::Call& call) {
    Sha256 sum;
    Content content;
    std::string kept;
    std::vector<char> buffer(256 * 1024);
    for (;;) {
        call.check();
        const ssize_t length =
            ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(content.size));
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) throw posix::os_failure(errno, "read " + path);
        if (length == 0) break;
        const std::string_view piece(buffer.data(), static_cast<std::size_t>(length));
        sum.add(piece);
        content.size += piece.size();
        keep = keep && content.size <= kDiffInputMax;
        if (keep) kept += piece;
    }
    content.sha256 = sum.hex();
    if (keep) content.bytes = std::move(kept);
    return content;
}

}  // namespace evenkeel::files
