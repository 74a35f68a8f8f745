#include "core/agent/uplink/identity.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/id.hpp"
#include "core/crypto/x509.hpp"

namespace evenkeel::agent {
namespace {

// In a folder whose identity is about to be replaced: found in the folder of a replacement, it says
// that the two have changed places already.
constexpr const char* kReplaced = "/replaced";

Result<void> remove_folder(const std::string& folder) {
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error) return fail(Errc::internal, "cannot remove " + folder + ": " + error.message());
    return {};
}

}  // namespace

Result<Fd> IdentityFiles::lock() const {
    EK_CHECK(make_folder(state_dir_, 0700));
    return lock_file(folder_ + ".lock");
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
    identity.enrolment = value.string_or("enrolment");
    const std::int64_t port = value.integer_or("bus_port", 5671);
    if (!is_id("host", identity.host) || port < 1 || port > 65535) {
        return fail(Errc::corrupt, folder_ + "/host.json names no host");
    }
    identity.bus_port = static_cast<std::uint16_t>(port);
    if (const json::Value* unsaved = value.find("unsaved")) {
        identity.unsaved = EK_TRY(parse_orchestrator(*unsaved));
    }
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
    return save(identity);
}

Result<void> IdentityFiles::save(const Identity& identity) const {
    json::Object host{{"host", identity.host}, {"bus_port", int{identity.bus_port}}};
    if (!identity.enrolment.empty()) host.set("enrolment", identity.enrolment);
    if (identity.unsaved) host.set("unsaved", encode(*identity.unsaved));
    return write_file(folder_ + "/host.json", json::write(std::move(host)) + "\n", 0644);
}

Result<IdentityFiles> IdentityFiles::prepare_replacement() const {
    IdentityFiles made(state_dir_, "/identity.new");
    std::error_code error;
    // They have changed places: what is there now is the identity before.
    if (std::filesystem::exists(made.folder_ + kReplaced, error)) {
        EK_CHECK(remove_folder(made.folder_));
    }
    EK_CHECK(make_folder(made.folder_, 0700));
    return made;
}

Result<void> IdentityFiles::replace_by(const IdentityFiles& replacement) const {
    EK_CHECK(write_file(folder_ + kReplaced, "", 0600));
    if (::renameat2(AT_FDCWD, replacement.folder_.c_str(), AT_FDCWD, folder_.c_str(),
                    RENAME_EXCHANGE) != 0) {
        if (errno != EINVAL && errno != ENOSYS) {
            return fail(system_error(errno, "exchange " + replacement.folder_ + " and " + folder_));
        }
        return fail(Errc::unsupported, "the file system of " + state_dir_ +
                                           " cannot exchange two folders: stop the agent, replace "
                                           "its folder identity by identity.new, and start it");
    }
    EK_CHECK(sync_path(state_dir_));
    // What stays behind after a failure is removed before the next replacement.
    return remove_folder(replacement.folder_);
}

}  // namespace evenkeel::agent
