#include "core/plugin_host/control.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/plugin/abi.hpp"
#include "core/plugin/channel/records.hpp"
#include "core/plugin_host/call_answers.hpp"

namespace evenkeel::plugin_host {
namespace {

using plugin::FrameKind;
using plugin::FrameSocket;
using plugin::FrameWriter;

// The agent shows no more of a line.
constexpr std::size_t kLineMost = 4096;

ek_str cut(ek_str text) {
    return {text.ptr, std::min(text.len, kLineMost + 1)};
}

}  // namespace

Control::Control(Fd socket)
    : socket_(std::move(socket), plugin::kRequestMost, true),
      storage_([this](FrameWriter frame) { send(std::move(frame)); }) {}

bool Control::receive(plugin::Service& service) {
    for (;;) {
        while (auto frame = socket_.take()) {
            if (frame->kind() != FrameKind::configure) return false;
            service = plugin::service_of(*frame);
            auto descriptors = socket_.take_descriptors();
            if (!descriptors.empty()) data_dir_ = std::move(descriptors.front());
            return frame->whole();
        }
        if (socket_.fill() != FrameSocket::Io::done || socket_.broken()) return false;
    }
}

void Control::send(FrameWriter frame, int descriptor) {
    const std::lock_guard lock(mutex_);
    if (descriptor >= 0) {
        plugin::send_with(socket_.fd(), frame, {descriptor});
        return;
    }
    socket_.put(frame);
    socket_.flush();
}

void Control::refuse(const std::string& why) {
    FrameWriter frame(FrameKind::refused);
    frame.text(std::string_view(why));
    send(std::move(frame));
}

const ek_host* Control::host(const plugin::Service& service) {
    agent_version_ = service.agent_version;
    data_path_ = service.data_dir;
    has_storage_ = service.has_storage;
    // The way to it is for root alone.
    if (data_dir_) data_path_ = "/proc/self/fd/" + std::to_string(data_dir_.get());
    host_ = {sizeof(ek_host),
             EK_ABI_MINOR,
             this,
             plugin::borrow("evenkeel-agent"),
             plugin::borrow(agent_version_),
             data_path_.empty() ? plugin::kAbsent : plugin::borrow(data_path_),
             log,
             extension};
    return &host_;
}

bool Control::next_channel(Fd& socket, Fd& cancel) {
    for (;;) {
        while (auto frame = socket_.take()) {
            auto descriptors = socket_.take_descriptors();
            for (Fd& each : descriptors) waiting_.push_back(std::move(each));
            if (frame->kind() == FrameKind::stored) storage_.answer(*frame);
            if (frame->kind() != FrameKind::channel || waiting_.size() < 2) continue;
            socket = std::move(waiting_[0]);
            cancel = std::move(waiting_[1]);
            waiting_.erase(waiting_.begin(), waiting_.begin() + 2);
            return true;
        }
        if (socket_.fill() != FrameSocket::Io::done || socket_.broken()) return false;
    }
}

void Control::log(void* ctx, std::int32_t severity, ek_str message, ek_str fields) noexcept {
    FrameWriter line(FrameKind::log);
    line.i32(severity).text(cut(message)).text(cut(fields));
    // What is said in a call comes before the call's end.
    if (!CallAnswers::log(line)) static_cast<Control*>(ctx)->send(std::move(line));
}

const void* Control::extension(void* ctx, const char* id) noexcept {
    auto& self = *static_cast<Control*>(ctx);
    if (!self.has_storage_ || std::strcmp(id, EK_EXT_STORAGE) != 0) return nullptr;
    return self.storage_.table();
}

}  // namespace evenkeel::plugin_host
