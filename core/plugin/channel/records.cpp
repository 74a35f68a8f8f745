#include "core/plugin/channel/records.hpp"

#include <algorithm>

#include "core/plugin/abi.hpp"

namespace evenkeel::plugin {
namespace {

ek_str cut(ek_str text) {
    return {text.ptr, std::min(text.len, kTextMost)};
}

// The size that is told of a record: the host's own unless it is too small.
template <typename T>
std::uint32_t told_size(const T* record) {
    if (is_whole(record)) return sizeof(T);
    return record != nullptr ? record->size : 0;
}

// A record with its size alone, if it is too small to be looked into.
template <typename T>
bool begin(FrameWriter& frame, const T* record) {
    frame.u32(told_size(record));
    return is_whole(record);
}

void put(FrameWriter& frame, const ek_diag* diag) {
    if (!begin(frame, diag)) return;
    frame.i32(diag->severity).text(cut(diag->path)).text(cut(diag->summary));
    frame.text(cut(diag->detail)).u32(diag->retry_after_ms).i32(diag->status);
}

ek_diag diag_of(FrameReader& frame) {
    ek_diag diag{};
    diag.size = frame.u32();
    if (!is_whole(&diag)) return diag;
    diag.severity = frame.i32();
    diag.path = frame.text();
    diag.summary = frame.text();
    diag.detail = frame.text();
    diag.retry_after_ms = frame.u32();
    diag.status = frame.i32();
    return diag;
}

ek_status deliver_item(FrameReader& frame, const ek_out& out) {
    ek_item item{};
    ek_diag error{};
    item.size = frame.u32();
    if (is_whole(&item)) {
        item.flags = frame.u32();
        item.id = frame.text();
        item.json = frame.text();
        item.stamp = frame.text();
        if (frame.u32() != 0) {
            error = diag_of(frame);
            item.error = &error;
        }
    }
    return frame.whole() ? out.item(out.ctx, &item) : EK_OK;
}

ek_status deliver_state(FrameReader& frame, const ek_out& out) {
    ek_state state{};
    state.size = frame.u32();
    if (is_whole(&state)) {
        state.flags = frame.u32();
        state.json = frame.text();
    }
    return frame.whole() ? out.state(out.ctx, &state) : EK_OK;
}

ek_status deliver_change(FrameReader& frame, const ek_out& out) {
    ek_change change{};
    change.size = frame.u32();
    if (is_whole(&change)) {
        change.action = frame.i32();
        change.path = frame.text();
        change.before = frame.text();
        change.after = frame.text();
        change.outcome = frame.i32();
        change.flags = frame.u32();
    }
    return frame.whole() ? out.change(out.ctx, &change) : EK_OK;
}

ek_status deliver_progress(FrameReader& frame, const ek_out& out) {
    ek_progress progress{};
    progress.size = frame.u32();
    if (is_whole(&progress)) {
        progress.permille = frame.u32();
        progress.message = frame.text();
    }
    return frame.whole() ? out.progress(out.ctx, &progress) : EK_OK;
}

ek_status deliver_output(FrameReader& frame, const ek_out& out) {
    ek_output output{};
    output.size = frame.u32();
    if (is_whole(&output)) {
        output.stream = frame.i32();
        output.bytes = frame.text();
    }
    return frame.whole() ? out.output(out.ctx, &output) : EK_OK;
}

ek_status deliver_about(FrameReader& frame, const ek_out& out) {
    ek_subject subject{};
    subject.size = frame.u32();
    if (is_whole(&subject)) {
        subject.flags = frame.u32();
        subject.id = frame.text();
    }
    return frame.whole() ? out.about(out.ctx, &subject) : EK_OK;
}

}  // namespace

FrameWriter frame_of(const ek_item* item) {
    FrameWriter frame(FrameKind::item);
    if (!begin(frame, item)) return frame;
    frame.u32(item->flags).text(cut(item->id)).text(cut(item->json)).text(cut(item->stamp));
    frame.u32(item->error != nullptr ? 1 : 0);
    if (item->error != nullptr) put(frame, item->error);
    return frame;
}

FrameWriter frame_of(const ek_state* state) {
    FrameWriter frame(FrameKind::state);
    if (begin(frame, state)) frame.u32(state->flags).text(cut(state->json));
    return frame;
}

FrameWriter frame_of(const ek_change* change) {
    FrameWriter frame(FrameKind::change);
    if (!begin(frame, change)) return frame;
    frame.i32(change->action).text(cut(change->path)).text(cut(change->before));
    frame.text(cut(change->after)).i32(change->outcome).u32(change->flags);
    return frame;
}

FrameWriter frame_of(const ek_diag* diag) {
    FrameWriter frame(FrameKind::diag);
    put(frame, diag);
    return frame;
}

FrameWriter frame_of(const ek_progress* progress) {
    FrameWriter frame(FrameKind::progress);
    if (begin(frame, progress)) frame.u32(progress->permille).text(cut(progress->message));
    return frame;
}

FrameWriter frame_of(const ek_output* output) {
    FrameWriter frame(FrameKind::output);
    if (begin(frame, output)) frame.i32(output->stream).text(cut(output->bytes));
    return frame;
}

FrameWriter frame_of(const ek_subject* subject) {
    FrameWriter frame(FrameKind::about);
    if (begin(frame, subject)) frame.u32(subject->flags).text(cut(subject->id));
    return frame;
}

FrameWriter frame_of(const ek_hint* hint) {
    FrameWriter frame(FrameKind::hint);
    if (begin(frame, hint)) frame.i32(hint->kind).text(cut(hint->id));
    return frame;
}

ek_status deliver(FrameReader& frame, const ek_out& out) {
    switch (frame.kind()) {
        case FrameKind::item:
            return deliver_item(frame, out);
        case FrameKind::state:
            return deliver_state(frame, out);
        case FrameKind::change:
            return deliver_change(frame, out);
        case FrameKind::progress:
            return deliver_progress(frame, out);
        case FrameKind::output:
            return deliver_output(frame, out);
        case FrameKind::about:
            return deliver_about(frame, out);
        case FrameKind::diag: {
            const ek_diag diag = diag_of(frame);
            return frame.whole() ? out.diag(out.ctx, &diag) : EK_OK;
        }
        default:
            return EK_OK;
    }
}

ek_hint hint_of(FrameReader& frame) {
    ek_hint hint{};
    hint.size = frame.u32();
    if (!is_whole(&hint)) return hint;
    hint.kind = frame.i32();
    hint.id = frame.text();
    return hint;
}

FrameWriter frame_of(const Request& request) {
    FrameWriter frame(FrameKind::call);
    frame.u32(static_cast<std::uint32_t>(request.operation)).u32(request.instance);
    frame.u32(request.flags).u64(request.deadline_ns).u32(request.number).text(request.request_id);
    frame.text(request.first).text(request.second).text(request.third);
    frame.u32(static_cast<std::uint32_t>(request.stamps.size()));
    for (const ek_str stamp : request.stamps) frame.text(stamp);
    return frame;
}

Request request_of(FrameReader& frame) {
    Request request;
    request.operation = static_cast<Operation>(frame.u32());
    request.instance = frame.u32();
    request.flags = frame.u32();
    request.deadline_ns = frame.u64();
    request.number = frame.u32();
    request.request_id = frame.text();
    request.first = frame.text();
    request.second = frame.text();
    request.third = frame.text();
    for (std::uint32_t left = frame.u32(); left > 0 && frame.good(); --left)
        request.stamps.push_back(frame.text());
    return request;
}

FrameWriter frame_of(const Ended& ended) {
    FrameWriter frame(FrameKind::done);
    frame.i32(ended.status).text(ended.broken_rule).text(cut(ended.exception)).text(ended.backend);
    return frame;
}

Ended ended_of(FrameReader& frame) {
    Ended ended;
    ended.status = frame.i32();
    ended.broken_rule = frame.text();
    ended.exception = frame.text();
    ended.backend = frame.text();
    return ended;
}

}  // namespace evenkeel::plugin
