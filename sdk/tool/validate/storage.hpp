#pragma once

#include <map>
#include <mutex>
#include <string>

#include <evenkeel/ext/storage.h>

#include "sdk/tool/validate/answers.hpp"

namespace evenkeel::validate {

// "ek.storage/1" for as long as the check lasts. [any]
class Storage {
  public:
    Storage() : table_{sizeof(ek_storage), 0, this, get, put, erase} {}
    const ek_storage* table() const { return &table_; }

  private:
    static ek_status get(void* ctx, ek_str key, void* sink_ctx, ek_storage_sink sink) {
        auto& self = *static_cast<Storage*>(ctx);
        std::string value;
        {
            const std::lock_guard lock(self.mutex_);
            const auto found = self.values_.find(text_of(key));
            if (found == self.values_.end()) return EK_E_NOT_FOUND;
            value = found->second;
        }
        return sink(sink_ctx, borrowed(value));
    }
    static ek_status put(void* ctx, ek_str key, ek_str bytes) {
        if (key.len == 0 || key.len > EK_STORAGE_KEY_MAX || bytes.len > EK_STORAGE_VALUE_MAX)
            return EK_E_INVALID;
        auto& self = *static_cast<Storage*>(ctx);
        const std::lock_guard lock(self.mutex_);
        if (self.values_.size() >= EK_STORAGE_KEYS_MAX) return EK_E_UNAVAILABLE;
        self.values_[text_of(key)] = text_of(bytes);
        return EK_OK;
    }
    static ek_status erase(void* ctx, ek_str key) {
        auto& self = *static_cast<Storage*>(ctx);
        const std::lock_guard lock(self.mutex_);
        self.values_.erase(text_of(key));
        return EK_OK;
    }

    std::mutex mutex_;  // guards values_
    std::map<std::string, std::string> values_;
    ek_storage table_;
};

}  // namespace evenkeel::validate
