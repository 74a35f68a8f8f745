#include "core/agent/uplink/identity.hpp"

#include "core/base/file.hpp"
#include "core/base/id.hpp"
#include "core/crypto/x509.hpp"
#include "core/json/json.hpp"

namespace evenkeel::agent {

Result<Fd> IdentityFiles::lock() const {
    EK_CHECK(make_folder(folder_, 0700));
    return lock_file(folder_ + "/lock");
}

Result<std::optional<Identity>> IdentityFiles::load() const {
    const auto text = read_file(folder_ + "/host.json");
    if (!text) {
        if (text.error().code == Errc::not_found) return std::nullopt;
        return fail(text.error());
    }
    const json::Value value = EK_TRY(json::parse(*text));
    Identity identity;
    identity.host = value.string_or("host");
    const std::int64_t port = value.integer_or("bus_port", 5671);
    if (!is_id("host", identity.host) || port < 1 || port > 65535) {
        return fail(Errc::corrupt, folder_ + "/host.json names no host");
    }
    identity.bus_port = static_cast<std::uint16_t>(port);
    return identity;
}

Result<crypto::Secret> IdentityFiles::key_for_request() const {
    EK_CHECK(make_folder(folder_, 0700));
    if (auto text = read_file(key())) return crypto::Secret(std::move(*text));
    crypto::Secret made = EK_TRY(crypto::make_key());
    EK_CHECK(write_file(key(), made.reveal(), 0600));
    return made;
}

Result<void> IdentityFiles::save_ca(const std::string& pem) const {
    EK_CHECK(make_folder(folder_, 0700));
    return write_file(ca(), pem, 0644);
}

Result<void> IdentityFiles::save(const Identity& identity, const std::string& certificate_pem,
                                 const std::string& ca_pem) const {
    EK_CHECK(write_file(certificate(), certificate_pem, 0644));
    EK_CHECK(write_file(ca(), ca_pem, 0644));
    const json::Value host =
        json::Object{{"host", identity.host}, {"bus_port", int{identity.bus_port}}};
    return write_file(folder_ + "/host.json", json::write(host) + "\n", 0644);
}

}  // namespace evenkeel::agent
