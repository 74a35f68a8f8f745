#include "sdk/tool/plugin_file.hpp"

#include <filesystem>
#include <utility>

#include "core/base/file.hpp"
#include "core/crypto/hash.hpp"
#include "core/plugin/load.hpp"

namespace evenkeel::tool {
namespace {

constexpr std::string_view kEnding = ".so";
constexpr std::size_t kFingerprintDigits = 32;

// Secrets are shown as they are by an agent, with a key that nobody keeps.
secrets::Fingerprint passing_fingerprint() {
    return [key = crypto::random_bytes(32)](const std::string& bytes) {
        return crypto::sha256_hex(key + bytes).substr(0, kFingerprintDigits);
    };
}

}  // namespace

Result<std::string> stem_of(const std::string& file) {
    if (!file.ends_with(kEnding))
        return fail(Errc::invalid, file + " is no plugin: its name does not end with .so");
    std::error_code error;
    const auto path = std::filesystem::absolute(file, error);
    if (error || !std::filesystem::exists(path, error))
        return fail(Errc::not_found, "there is no " + file);
    const std::string whole = path.lexically_normal().string();
    return whole.substr(0, whole.size() - kEnding.size());
}

Result<plugin::Package> whole_package(const std::string& file) {
    plugin::Trust trust;
    trust.accept_own_user = true;
    auto found = plugin::inspect_package(EK_TRY(stem_of(file)), trust);
    if (!found.refusals.empty()) return fail(std::move(found.refusals.front()));
    return std::move(found.package);
}

Result<std::vector<std::unique_ptr<plugin::Collection>>> open_plugin(const std::string& file,
                                                                     const OpenOptions& options) {
    const std::string stem = EK_TRY(stem_of(file));
    const std::size_t slash = stem.rfind('/');
    const std::string folder = stem.substr(0, slash), name = stem.substr(slash + 1);
    plugin::LoadOptions load;
    load.accept_own_user = true;
    load.data_dir = options.data_dir.empty() ? folder + "/data"
                                             : std::filesystem::absolute(options.data_dir).string();
    load.fingerprint = passing_fingerprint();
    load.agent_version = EVENKEEL_VERSION;
    if (!options.collection.empty()) {
        load.configurations[options.collection] = options.configuration;
    } else {
        for (const std::string& each : plugin::inspect_package(stem, load).package.collections)
            load.configurations[each] = options.configuration;
    }
    return plugin::load({folder}, name, load);
}

Result<json::Value> read_value(const std::string& word) {
    if (!word.starts_with('@')) return json::parse(word);
    const std::string path = word.substr(1);
    auto value = json::parse(EK_TRY(read_file(path)));
    if (!value) return fail(path, value.error());
    return value;
}

}  // namespace evenkeel::tool
