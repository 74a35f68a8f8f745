#include "core/plugin/remote/storage_service.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "core/plugin/abi.hpp"
#include "core/plugin/channel/storage_request.hpp"

namespace evenkeel::plugin {
namespace {

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

StorageService::StorageService(const ek_host& host, std::function<void(FrameWriter)> reply)
    : storage_(static_cast<const ek_storage*>(host.extension(host.ctx, EK_EXT_STORAGE))),
      reply_(std::move(reply)) {}

StorageService::~StorageService() {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    ending_.notify_all();
}

bool StorageService::wait_for_turn() {
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

void StorageService::count() {
    const std::lock_guard lock(mutex_);
    if (free_ > 0) --free_;
}

bool StorageService::serve(FrameReader& frame) {
    using Operation = StorageRequest::Operation;
    const StorageRequest request = storage_request_of(frame);
    // The process itself sends nothing that is longer: it is forged.
    if (!frame.whole() || request.key.len > EK_STORAGE_KEY_MAX ||
        request.bytes.len > EK_STORAGE_VALUE_MAX)
        return false;
    const auto work = [this, number = request.number, operation = request.operation,
                       key = copy(request.key), bytes = copy(request.bytes)] {
        if (!wait_for_turn()) return;
        std::string found;
        ek_status status = EK_E_UNSUPPORTED;
        if (storage_ == nullptr) status = EK_E_UNSUPPORTED;
        else if (operation == Operation::get)
            status = storage_->get(storage_->ctx, borrow(key), &found, keep);
        else if (operation == Operation::put)
            status = storage_->put(storage_->ctx, borrow(key), borrow(bytes));
        else if (operation == Operation::erase)
            status = storage_->erase(storage_->ctx, borrow(key));
        const bool reads = operation == Operation::get;
        if (!reads || (status != EK_OK && status != EK_E_NOT_FOUND)) count();
        reply_(answer_of(number, status, found));
    };
    if (!lane_.submit(work)) reply_(answer_of(request.number, EK_E_UNAVAILABLE, ""));
    return true;
}

}  // namespace evenkeel::plugin
