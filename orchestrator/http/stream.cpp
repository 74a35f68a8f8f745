#include "orchestrator/http/stream.hpp"

#include <utility>

namespace evenkeel::http {

namespace {

// One event in the format text/event-stream: each line of the data has its own `data:`.
std::string frame(std::string_view id, std::string_view name, std::string_view data) {
    std::string text;
    text.reserve(id.size() + name.size() + data.size() + 32);
    if (!id.empty()) text.append("id: ").append(id).append("\n");
    if (!name.empty()) text.append("event: ").append(name).append("\n");
    // JSON is one line, and searching for single characters is many times faster.
    const bool one_line =
        data.find('\n') == std::string_view::npos && data.find('\r') == std::string_view::npos;
    for (std::size_t at = 0;;) {
        const std::size_t end = one_line ? std::string_view::npos : data.find_first_of("\r\n", at);
        text.append("data: ").append(data.substr(at, end - at)).append("\n");
        if (end == std::string_view::npos) break;
        at = end + (data.substr(end, 2) == "\r\n" ? 2 : 1);
    }
    return text.append("\n");
}

}  // namespace

Stream::~Stream() {
    close();
}

bool Stream::send(std::string_view id, std::string_view name, std::string_view data) {
    return queue(frame(id, name, data));
}

bool Stream::mark(std::string_view id) {
    return queue("id: " + std::string(id) + "\n\n");
}

bool Stream::queue(std::string text) {
    if (!open_) return false;
    const std::size_t waiting = queued_.size() + in_flight_;
    if (waiting > 0 && waiting + text.size() > bytes_max_) {
        queued_ += frame("", "error", R"({"code":"slow-consumer"})");
        close();
        return false;
    }
    queued_ += text;
    wake();
    return true;
}

std::size_t Stream::room() const {
    const std::size_t waiting = queued_.size() + in_flight_;
    return open_ && waiting < bytes_max_ ? bytes_max_ - waiting : 0;
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

std::string Stream::take() {
    in_flight_ += queued_.size();
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
