#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <evenkeel/ext/storage.h>

#include "core/base/result.hpp"

namespace evenkeel::plugin {

// What the agent keeps for one plugin (ek_storage): each value in a file of `folder`, which is the
// agent's, under the SHA-256 of its key. Refusals and failures are in the log. [any]
class Storage : public std::enable_shared_from_this<Storage> {
  public:
    // Makes the folder. All of this process that ask for a folder have the same one, so that two
    // versions of a plugin, one of which replaces the other, cannot harm each other's values.
    // `plugin` ("files") is for the log.
    static Result<std::shared_ptr<Storage>> open(const std::string& folder,
                                                 const std::string& plugin);
    Storage(const Storage&) = delete;
    Storage& operator=(const Storage&) = delete;

    const ek_storage* table() const { return &table_; }
    // The one that the table is of, to keep it; null: another's table.
    static std::shared_ptr<const Storage> of(const ek_storage& table);

  private:
    Storage(std::string folder, std::string plugin);
    Result<void> take_stock();
    static ek_status get(void* ctx, ek_str key, void* sink_ctx, ek_storage_sink sink) noexcept;
    static ek_status put(void* ctx, ek_str key, ek_str bytes) noexcept;
    static ek_status erase(void* ctx, ek_str key) noexcept;

    Result<std::string> read(ek_str key) const;
    Result<void> write(ek_str key, ek_str bytes);
    Result<void> remove(ek_str key);
    // Runs `work`, which returns a Result<void>, and logs what it could not do.
    template <typename Work>
    ek_status attempt(const char* what, const Work& work) const noexcept;

    const std::string folder_, plugin_;
    std::mutex mutex_;       // guards what follows, and the files while they change
    std::size_t count_ = 0;  // of keys
    ek_storage table_{};
};

}  // namespace evenkeel::plugin
