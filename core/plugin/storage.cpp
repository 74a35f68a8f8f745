#include "core/plugin/storage.hpp"

#include <cerrno>
#include <filesystem>
#include <map>
#include <utility>

#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/crypto/hash.hpp"
#include "core/plugin/abi.hpp"

namespace evenkeel::plugin {
namespace {

// Whatever the key is, the name is 64 hex digits.
Result<std::string> name_of(ek_str key) {
    const std::string text = copy(key);
    if (text.empty() || text.size() > EK_STORAGE_KEY_MAX || !is_utf8(text))
        return fail(Errc::invalid, "a key has 1 to 256 bytes of UTF-8");
    return crypto::sha256_hex(text);
}

bool is_key_name(const std::string& name) {
    return name.size() == 64 && from_hex(name).has_value();
}

ek_status status_of(Errc code) {
    if (code == Errc::invalid) return EK_E_INVALID;
    return code == Errc::not_found ? EK_E_NOT_FOUND : EK_E_UNAVAILABLE;
}

bool is_there(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace

Result<std::shared_ptr<Storage>> Storage::open(const std::string& folder,
                                               const std::string& plugin) {
    static std::mutex mutex;
    // Never destroyed, like the plugins that use it.
    static auto* const open_ones = new std::map<std::string, std::weak_ptr<Storage>>;
    const std::lock_guard lock(mutex);
    std::weak_ptr<Storage>& known = (*open_ones)[folder];
    if (auto storage = known.lock()) return storage;
    std::shared_ptr<Storage> storage(new Storage(folder, plugin));
    EK_CHECK(storage->take_stock());
    known = storage;
    return storage;
}

// Nobody else is at work in the folder: what is no value there was left half written by a process
// that ended.
Result<void> Storage::take_stock() {
    EK_CHECK(make_folder(folder_, 0700));
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder_, error), end; !error && at != end;
         at.increment(error)) {
        if (is_key_name(at->path().filename().string())) ++count_;
        else ::unlink(at->path().c_str());
    }
    if (error) return fail(Errc::unavailable, "cannot list " + folder_ + ": " + error.message());
    return {};
}

Storage::Storage(std::string folder, std::string plugin)
    : folder_(std::move(folder)),
      plugin_(std::move(plugin)),
      table_{sizeof(ek_storage), 0, this, get, put, erase} {}

std::shared_ptr<const Storage> Storage::of(const ek_storage& table) {
    if (table.get != &Storage::get) return nullptr;
    return static_cast<const Storage*>(table.ctx)->shared_from_this();
}

Result<std::string> Storage::read(ek_str key) const {
    const std::string path = folder_ + "/" + EK_TRY(name_of(key));
    if (!is_there(path)) return fail(Errc::not_found, "there is no such key");
    return read_file(path, EK_STORAGE_VALUE_MAX);
}

Result<void> Storage::write(ek_str key, ek_str bytes) {
    const std::string path = folder_ + "/" + EK_TRY(name_of(key));
    if (bytes.len > EK_STORAGE_VALUE_MAX) return fail(Errc::invalid, "a value has at most 64 KiB");
    const bool is_new = !is_there(path);
    if (is_new && count_ >= EK_STORAGE_KEYS_MAX)
        return fail(Errc::unavailable, "a plugin has at most 1,000 keys");
    EK_CHECK(write_file(path, copy(bytes), 0600));
    count_ += is_new ? 1 : 0;
    return {};
}

Result<void> Storage::remove(ek_str key) {
    const std::string path = folder_ + "/" + EK_TRY(name_of(key));
    if (::unlink(path.c_str()) != 0)
        return errno == ENOENT ? Result<void>() : fail(system_error(errno, "cannot erase " + path));
    --count_;
    return sync_path(folder_);
}

template <typename Work>
ek_status Storage::attempt(const char* what, const Work& work) const noexcept {
    // No exception may pass through the plugin.
    try {
        const Result<void> done = work();
        if (done) return EK_OK;
        if (done.error().code != Errc::not_found)
            log::error("a plugin's storage fails",
                       {{"plugin", plugin_}, {"call", what}, {"why", done.error().what}});
        return status_of(done.error().code);
    } catch (const std::exception& error) {
        log::error("a plugin's storage fails",
                   {{"plugin", plugin_}, {"call", what}, {"why", error.what()}});
        return EK_E_INTERNAL;
    }
}

ek_status Storage::get(void* ctx, ek_str key, void* sink_ctx, ek_storage_sink sink) noexcept {
    auto& self = *static_cast<Storage*>(ctx);
    std::string value;
    const ek_status status = self.attempt("get", [&]() -> Result<void> {
        const std::lock_guard lock(self.mutex_);
        value = EK_TRY(self.read(key));
        return {};
    });
    return status == EK_OK ? sink(sink_ctx, borrow(value)) : status;
}

ek_status Storage::put(void* ctx, ek_str key, ek_str bytes) noexcept {
    auto& self = *static_cast<Storage*>(ctx);
    return self.attempt("put", [&] {
        const std::lock_guard lock(self.mutex_);
        return self.write(key, bytes);
    });
}

ek_status Storage::erase(void* ctx, ek_str key) noexcept {
    auto& self = *static_cast<Storage*>(ctx);
    return self.attempt("erase", [&] {
        const std::lock_guard lock(self.mutex_);
        return self.remove(key);
    });
}

}  // namespace evenkeel::plugin
