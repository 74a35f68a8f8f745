#include "orchestrator/keys.hpp"

#include <utility>

#include "core/base/file.hpp"

namespace evenkeel {
namespace {

Result<crypto::Authority> open_authority(const std::string& folder, bool fresh) {
    const std::string certificate_file = folder + "/ca.pem";
    const std::string key_file = folder + "/ca.key";
    auto certificate = read_file(certificate_file);
    if (certificate) {
        crypto::Secret key(EK_TRY(read_file(key_file)));
        return crypto::Authority::load(*std::move(certificate), std::move(key));
    }
    if (certificate.error().code != Errc::not_found || !fresh) return fail(certificate.error());
    crypto::Authority authority = EK_TRY(crypto::Authority::create("Evenkeel CA"));
    // The certificate last: while it is missing, the next start begins anew.
    EK_CHECK(write_file(key_file, authority.key().reveal(), 0600));
    EK_CHECK(write_file(certificate_file, authority.certificate(), 0644));
    return authority;
}

Result<void> make_server_certificate(const Keys& keys) {
    const crypto::Secret key = EK_TRY(crypto::make_key());
    const std::string request = EK_TRY(crypto::make_request(key, crypto::kServerName));
    const std::string certificate = EK_TRY(keys.authority.sign_server(request));
    EK_CHECK(write_file(keys.server_key_file, key.reveal(), 0600));
    // Agents look for the authority among the certificates that are shown.
    return write_file(keys.server_certificate_file, certificate + keys.authority.certificate(),
                      0600);
}

}  // namespace

Result<Keys> open_keys(const std::string& folder, bool fresh) {
    crypto::Authority authority = EK_TRY(open_authority(folder, fresh));
    crypto::Sealer sealer =
        EK_TRY(crypto::Sealer::open(folder + "/seal.key", fresh ? crypto::Sealer::Missing::create
                                                                : crypto::Sealer::Missing::refuse));
    Keys keys{.authority = std::move(authority),
              .sealer = std::move(sealer),
              .server_certificate_file = folder + "/server.pem",
              .server_key_file = folder + "/server.key",
              .authority_file = folder + "/ca.pem"};
    // Any server certificate of this authority is as good as another: a missing one is made.
    if (!read_file(keys.server_certificate_file) || !read_file(keys.server_key_file)) {
        EK_CHECK(make_server_certificate(keys));
    }
    return keys;
}

}  // namespace evenkeel
