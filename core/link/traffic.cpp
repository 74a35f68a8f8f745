#include "core/link/traffic.hpp"

#include <utility>
#include <vector>

#include <proton/binary.hpp>
#include <proton/error_condition.hpp>
#include <proton/link.h>
#include <proton/message.hpp>
#include <proton/message_id.hpp>
#include <proton/types.hpp>

#include "core/link/raw.hpp"

namespace evenkeel::link {
namespace {

proton::binary to_tag(std::uint64_t id) {
    proton::binary tag;
    for (int shift = 0; shift < 64; shift += 8) {
        tag.push_back(static_cast<std::uint8_t>(id >> shift));
    }
    return tag;
}

std::uint64_t from_tag(const proton::binary& tag) {
    std::uint64_t id = 0;
    if (tag.size() != 8) return 0;
    for (std::size_t i = 0; i < 8; ++i) id |= std::uint64_t{tag[i]} << (8 * i);
    return id;
}

// Copies what we use out of Proton's message, which the next delivery overwrites. `invalid` when
// the body is neither a string nor bytes.
Result<Message> copy(const proton::message& from) {
    Message message;
    const proton::value& body = from.body();
    if (body.type() == proton::STRING) {
        message.body = proton::get<std::string>(body);
    } else if (body.type() == proton::BINARY) {
        const auto bytes = proton::get<proton::binary>(body);
        message.body.assign(bytes.begin(), bytes.end());
    } else {
        return fail(Errc::invalid, "the body is neither a string nor bytes");
    }
    message.reply_to = from.reply_to();
    if (!from.correlation_id().empty()) {
        message.correlation_id = proton::to_string(from.correlation_id());
    }
    message.durable = from.durable();
    return message;
}

}  // namespace

bool Traffic::attach(const std::string& address, const proton::sender& sender) {
    if (!senders_.emplace(address, sender).second) return false;
    const std::lock_guard lock(mutex_);
    sendable_.insert(address);
    return true;
}

void Traffic::limit(const proton::receiver& receiver) const {
    pn_link_set_max_message_size(raw(receiver), encoded_max(limits_.message_bytes_max));
}

bool Traffic::attach(const std::string& address, const proton::receiver& receiver) {
    const auto [at, fresh] = receivers_.emplace(address, Incoming{receiver});
    if (fresh) at->second.receiver.add_credit(limits_.credit);
    return fresh;
}

bool Traffic::detach(const std::string& address, const proton::sender& sender) {
    const auto found = senders_.find(address);
    if (found == senders_.end() || found->second != sender) return false;
    senders_.erase(found);
    std::vector<std::uint64_t> lost;
    {
        const std::lock_guard lock(mutex_);
        sendable_.erase(address);
        for (const auto& [id, sent] : sent_) {
            if (sent.address == address) lost.push_back(id);
        }
    }
    for (const auto id : lost) finish(id, Disposition::release);
    return true;
}

bool Traffic::detach(const std::string& address, const proton::receiver& receiver) {
    const auto found = receivers_.find(address);
    if (found == receivers_.end() || found->second.receiver != receiver) return false;
    receivers_.erase(found);
    std::erase_if(received_, [&](const auto& entry) { return entry.second.address == address; });
    return true;
}

bool Traffic::received(const std::string& address, proton::delivery& delivery,
                       proton::message& message) {
    if (received_.size() >= std::size_t{limits_.credit} * receivers_.size()) return false;
    proton::message taken;
    swap(taken, message);
    auto copied = copy(taken);
    const bool fits = copied && copied->body.size() <= limits_.message_bytes_max;
    if (!fits || (sink_.note && sink_.note(*copied))) {
        fits ? delivery.accept() : delivery.reject();
        const auto incoming = receivers_.find(address);
        if (incoming != receivers_.end()) settled(incoming->second);
        return true;
    }
    const std::uint64_t id = ++last_received_;
    received_.emplace(id, Received{address, delivery});
    sink_.message(address, std::move(*copied), Delivery(weak_from_this(), id));
    return true;
}

void Traffic::settle(std::uint64_t id, Disposition disposition) {
    mailbox_.post([self = shared_from_this(), id, disposition] { self->answer(id, disposition); });
}

void Traffic::answer(std::uint64_t id, Disposition disposition) {
    const auto found = received_.find(id);
    if (found == received_.end()) return;
    proton::delivery delivery = found->second.delivery;
    const auto receiver = receivers_.find(found->second.address);
    received_.erase(found);
    switch (disposition) {
        case Disposition::accept:
            delivery.accept();
            break;
        case Disposition::reject:
            delivery.reject();
            break;
        case Disposition::release:
            delivery.release();
            break;
    }
    if (receiver != receivers_.end()) settled(receiver->second);
}

// Gives credit back only once half of it is used, because each time costs a frame.
void Traffic::settled(Incoming& incoming) const {
    ++incoming.owed;
    if (incoming.receiver.credit() > static_cast<int>(limits_.credit / 2)) return;
    incoming.receiver.add_credit(std::exchange(incoming.owed, 0));
}

Result<void> Traffic::send(const std::string& address, std::uint64_t token, Message message) {
    const std::size_t bytes = message.body.size();
    if (bytes > limits_.message_bytes_max) {
        return fail(Errc::limit, "message to " + address + " has " + std::to_string(bytes) +
                                     " bytes, more than " +
                                     std::to_string(limits_.message_bytes_max));
    }
    const std::lock_guard lock(mutex_);
    if (closed_) return fail(Errc::unavailable, "the link is down");
    if (!sendable_.contains(address)) return fail(Errc::not_found, "no link to " + address);
    if (sent_.size() >= limits_.unsettled_max ||
        unsettled_bytes_ + bytes > limits_.unsettled_bytes_max) {
        return fail(Errc::busy, "too many messages without an answer");
    }
    const std::uint64_t id = last_sent_ + 1;
    // Under the lock, so that messages reach Proton in the order of their ids.
    if (!mailbox_.post([self = shared_from_this(), id, address, message = std::move(message)] {
            self->transmit(id, address, message);
        })) {
        return fail(Errc::unavailable, "the link is down");
    }
    last_sent_ = id;
    unsettled_bytes_ += bytes;
    sent_.emplace(id, Sent{address, token, bytes});
    return {};
}

void Traffic::transmit(std::uint64_t id, const std::string& address, const Message& message) {
    const auto found = senders_.find(address);
    if (found == senders_.end()) return finish(id, Disposition::release);
    proton::message wire(message.body);
    wire.durable(message.durable);
    if (!message.reply_to.empty()) wire.reply_to(message.reply_to);
    if (!message.correlation_id.empty()) wire.correlation_id(message.correlation_id);
    found->second.send(wire, to_tag(id));
}

void Traffic::answered(proton::tracker& tracker, Disposition disposition) {
    const std::uint64_t id = from_tag(tracker.tag());
    if (!tracker.settled()) tracker.settle();
    finish(id, disposition);
}

void Traffic::finish(std::uint64_t id, Disposition disposition) {
    Sent sent;
    {
        const std::lock_guard lock(mutex_);
        const auto found = sent_.find(id);
        if (found == sent_.end()) return;
        sent = std::move(found->second);
        unsettled_bytes_ -= sent.bytes;
        sent_.erase(found);
    }
    sink_.settled(sent.address, sent.token, disposition);
}

void Traffic::close() {
    std::map<std::uint64_t, Sent> lost;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        lost.swap(sent_);
        sendable_.clear();
        unsettled_bytes_ = 0;
    }
    mailbox_.close();
    received_.clear();
    receivers_.clear();
    senders_.clear();
    for (const auto& [id, sent] : lost) {
        sink_.settled(sent.address, sent.token, Disposition::release);
    }
}

}  // namespace evenkeel::link
