#include "core/plugin/remote/storage_service.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "core/plugin/abi.hpp"
#include "core/plugin/channel/storage_request.hpp"
#include "core/plugin/storage.hpp"

namespace evenkeel::plugin {
namespace {

using Reply = std::function<void(FrameWriter)>;

ek_status keep(void* into, ek_str bytes) {
    *static_cast<std::string*>(into) = copy(bytes);
    return EK_OK;
}

FrameWriter answer_of(std::uint32_t number, ek_status status, const std::string& bytes) {
    FrameWriter frame(FrameKind::stored);
    frame.u32(number).i32(status).text(std::string_view(bytes));
    return frame;
}

}  // namespace

class StorageService::Shared {
  public:
    using Kind = StorageRequest::Operation;

    Shared(const ek_storage* storage, Reply reply)
        : storage_(storage),
          kept_(storage != nullptr ? Storage::of(*storage) : nullptr),
          reply_(std::move(reply)) {}

    void serve(Kind operation, std::uint32_t number, const std::string& key,
               const std::string& bytes) {
        if (!wait_for_turn()) return;
        std::string found;
        const ek_status status = carry_out(operation, key, bytes, found);
        const bool is_slowed =
            operation != Kind::get || (status != EK_OK && status != EK_E_NOT_FOUND);
        const std::lock_guard lock(mutex_);
        if (is_slowed && free_ > 0) --free_;
        if (!ends_) reply_(answer_of(number, status, found));
    }
    void reply(FrameWriter answer) { reply_(std::move(answer)); }
    // No reply after it has returned.
    void end() {
        const std::lock_guard lock(mutex_);
        ends_ = true;
        ending_.notify_all();
    }

  private:
    // Waits before a change when there were many; false when this ends meanwhile.
    bool wait_for_turn() {
        std::unique_lock lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        const std::int64_t grown = (now - counted_) / kPause;
        free_ = static_cast<unsigned>(std::min<std::int64_t>(kFree, std::int64_t{free_} + grown));
        counted_ = free_ == kFree ? now : counted_ + grown * kPause;
        if (free_ != 0) return !ends_;
        ending_.wait_for(lock, kPause, [this] { return ends_; });
        counted_ = std::chrono::steady_clock::now();
        return !ends_;
    }
    ek_status carry_out(Kind operation, const std::string& key, const std::string& bytes,
                        std::string& found) const {
        if (storage_ == nullptr) return EK_E_UNSUPPORTED;
        if (operation == Kind::get) return storage_->get(storage_->ctx, borrow(key), &found, keep);
        if (operation == Kind::put) return storage_->put(storage_->ctx, borrow(key), borrow(bytes));
        if (operation == Kind::erase) return storage_->erase(storage_->ctx, borrow(key));
        return EK_E_UNSUPPORTED;
    }

    const ek_storage* const storage_;
    const std::shared_ptr<const Storage> kept_;  // a thread that is left behind still uses it
    const Reply reply_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable ending_;
    bool ends_ = false;
    unsigned free_ = kFree;
    std::chrono::steady_clock::time_point counted_{};  // until when free_ has grown
};

StorageService::StorageService(const ek_host& host, Reply reply)
    : shared_(std::make_shared<Shared>(
          static_cast<const ek_storage*>(host.extension(host.ctx, EK_EXT_STORAGE)),
          std::move(reply))) {}

StorageService::~StorageService() {
    shared_->end();
}

bool StorageService::serve(FrameReader& frame) {
    const StorageRequest request = storage_request_of(frame);
    // The process itself sends nothing that is longer: it is forged.
    if (!frame.whole() || request.key.len > EK_STORAGE_KEY_MAX ||
        request.bytes.len > EK_STORAGE_VALUE_MAX)
        return false;
    const auto work = [shared = shared_, number = request.number, operation = request.operation,
                       key = copy(request.key), bytes = copy(request.bytes)] {
        shared->serve(operation, number, key, bytes);
    };
    if (!lane_.submit(work)) shared_->reply(answer_of(request.number, EK_E_UNAVAILABLE, ""));
    return true;
}

}  // namespace evenkeel::plugin
