#include "core/plugin_host/serve_channel.hpp"

#include <exception>
#include <string>
#include <utility>

#include <evenkeel/ext/backend.h>

#include "core/plugin/abi.hpp"
#include "core/plugin/channel/frame.hpp"
#include "core/plugin/channel/records.hpp"
#include "core/plugin_host/call_answers.hpp"
#include "core/plugin_host/serve_watch.hpp"

namespace evenkeel::plugin_host {
namespace {

using plugin::FrameSocket;
using plugin::Operation;
using plugin::Request;

// `backend` outlives the answer: the plugin's own text may be read only while it is called.
void open(ServedPlugin& plugin, const Request& request, const ek_call* call, plugin::Ended& ended,
          std::string& backend) {
    const ek_collection* collection = plugin.collection(request.number);
    if (collection == nullptr) return;
    ek_instance* handle = nullptr;
    ended.status = plugin.module().open(&plugin.host(), call, collection, request.first, &handle);
    if (ended.status != EK_OK) return;
    if (handle == nullptr) {
        ended.broken_rule = plugin::borrow("open gives no instance");
        return;
    }
    plugin.add(request.instance, {handle, collection});
    if (collection->extension == nullptr) return;
    const auto* named =
        static_cast<const ek_backend*>(collection->extension(handle, EK_EXT_BACKEND));
    if (named == nullptr || !EK_HAS(ek_backend, named, name) || !named->name) return;
    backend = plugin::copy(named->name(handle));
    ended.backend = plugin::borrow(backend);
}

ek_status perform(const ServedInstance& instance, const Request& request, const ek_call* call) {
    const ek_collection& table = *instance.collection;
    ek_instance* const handle = instance.handle;
    switch (request.operation) {
        case Operation::list:
            return table.list(handle, call, request.first);
        case Operation::read:
            return table.read(handle, call, request.first);
        case Operation::apply:
            return table.apply(handle, call, request.first, request.second);
        case Operation::remove:
            return table.remove(handle, call, request.first);
        case Operation::apply_many:
            return table.apply_many(handle, call, request.first);
        case Operation::invoke:
            return table.invoke(handle, call, request.first, request.second, request.third);
        case Operation::compare:
            return table.compare(handle, call, request.first, request.second);
        case Operation::normalize:
            return table.normalize(handle, call, request.first);
        case Operation::upgrade:
            return table.upgrade(handle, call, request.number, request.first);
        default:
            return EK_E_INTERNAL;
    }
}

// `text` holds what `ended` refers to, and outlives the answer.
void carry_out(ServedPlugin& plugin, const Request& request, const ek_call* call,
               plugin::Ended& ended, std::string& text) {
    const ServedPlugin::InCall in_call(plugin);
    if (request.operation == Operation::open) return open(plugin, request, call, ended, text);
    if (request.operation == Operation::close) {
        plugin.close(request.instance);
        ended.status = EK_OK;
    } else if (const ServedInstance* const instance = plugin.find(request.instance)) {
        ended.status = perform(*instance, request, call);
    }
}

// What the exception says, into `text`, which outlives the answer.
ek_str said_by(std::exception_ptr thrown, std::string& text) {
    try {
        std::rethrow_exception(std::move(thrown));
    } catch (const std::exception& error) {
        text = error.what();
    } catch (...) {
        text.clear();
    }
    return {text.data(), text.size()};
}

// False when the channel is at its end.
bool answer(ServedPlugin& plugin, FrameSocket& socket, int cancel, const Request& request) {
    std::string text;
    plugin::Ended ended;
    CallAnswers answers(socket, cancel, request);
    try {
        if (request.operation == Operation::watch) {
            if (ServedInstance* const instance = plugin.find(request.instance))
                return serve_watch(plugin, *instance, socket, answers), false;
        } else {
            carry_out(plugin, request, answers.call(), ended, text);
        }
    } catch (...) {
        ended.exception = said_by(std::current_exception(), text);
    }
    return answers.finish(ended);
}

}  // namespace

void serve_channel(ServedPlugin& plugin, Fd descriptor, Fd cancel) {
    FrameSocket socket(std::move(descriptor), plugin::kRequestMost);
    while (socket.fill() == FrameSocket::Io::done) {
        while (auto frame = socket.take()) {
            if (frame->kind() != plugin::FrameKind::call) continue;
            const Request request = plugin::request_of(*frame);
            if (!frame->whole()) return;
            if (!answer(plugin, socket, cancel.get(), request)) return;
        }
        if (socket.broken()) return;
    }
}

}  // namespace evenkeel::plugin_host
