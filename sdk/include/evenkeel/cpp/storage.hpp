#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/cpp/host.hpp>
#include <evenkeel/ext/storage.h>

namespace evenkeel::sdk {

// What the host keeps for the plugin (see ext/storage.h). Every member throws Failure where the
// host has no storage or refuses. Blocks on the disk, so never on [reactor].
class Storage {
  public:
    explicit Storage(const Host& host) : table_(host.extension<ek_storage>(EK_EXT_STORAGE)) {}

    explicit operator bool() const { return table_ != nullptr; }

    // Nothing if there is no such key.
    std::optional<std::string> get(std::string_view key) const {
        std::string value;
        const ek_status status = table().get(table().ctx, borrow(key), &value, take);
        if (status == EK_E_NOT_FOUND) return std::nullopt;
        require(status, key);
        return value;
    }
    // Durable when it returns.
    void put(std::string_view key, std::string_view value) const {
        require(table().put(table().ctx, borrow(key), borrow(value)), key);
    }
    void erase(std::string_view key) const {
        require(table().erase(table().ctx, borrow(key)), key);
    }

  private:
    static ek_status take(void* value, ek_str bytes) {
        try {
            *static_cast<std::string*>(value) = view(bytes);
            return EK_OK;
        } catch (...) {
            return EK_E_INTERNAL;
        }
    }
    static void require(ek_status status, std::string_view key) {
        if (status != EK_OK)
            throw Failure(status, "the host does not keep the value of " + std::string(key));
    }
    const ek_storage& table() const {
        if (table_ == nullptr) throw Failure(EK_E_UNAVAILABLE, "this host has no storage");
        return *table_;
    }

    const ek_storage* table_;
};

}  // namespace evenkeel::sdk
