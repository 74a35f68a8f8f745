#include "orchestrator/http/stream.hpp"

#include <utility>

namespace evenkeel::http {

Stream::~Stream() {
    close();
}

bool Stream::send(std::string_view id, std::string_view name, std::string_view data) {
    return send(make_frame(id, name, data));
}

bool Stream::send(Frame frame) {
    if (!open_) return false;
    if (!has_room_for(frame->size())) {
        close_as_slow();
        return false;
    }
    queued_bytes_ += frame->size();
    queued_.push_back(std::move(frame));
    wake();
    return true;
}

bool Stream::has_room_for(std::size_t bytes) const {
    return waiting() == 0 || waiting() + bytes <= bytes_max_;
}

void Stream::close_as_slow() {
    static const Frame kLastWord = make_frame("", "error", R"({"code":"slow-consumer"})");
    if (!open_) return;
    queued_.push_back(kLastWord);
    close();
}

void Stream::close() {
    if (!std::exchange(open_, false)) return;
    // The callbacks may drop the last reference to what they captured, or to this.
    on_drained_ = nullptr;
    wake();
    if (auto callback = std::exchange(on_closed_, nullptr)) callback();
}

void Stream::on_closed(std::function<void()> callback) {
    if (open_) {
        on_closed_ = std::move(callback);
    } else if (callback) {
        callback();
    }
}

Frames Stream::take() {
    in_flight_ += std::exchange(queued_bytes_, 0);
    return std::exchange(queued_, {});
}

void Stream::written() {
    in_flight_ = 0;
    if (queued_.empty() && open_ && on_drained_) {
        const auto callback = on_drained_;
        callback();
    }
}

void Stream::wake() const {
    if (on_wake_) on_wake_();
}

}  // namespace evenkeel::http
