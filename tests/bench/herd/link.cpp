#include "link.hpp"

#include <utility>

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/link.h>
#include <proton/message.h>
#include <proton/session.h>
#include <proton/terminus.h>
#include <proton/transport.h>

#include "core/crypto/x509.hpp"

namespace evenkeel::herd {
namespace {

constexpr std::uint32_t kCredit = 32;
constexpr std::uint32_t kFrameBytes = 64 * 1024;
constexpr std::size_t kSessionBytes = 1024 * 1024;

// AMQP 1.0, part 5: the frames of SASL.
constexpr std::string_view kSaslHeader("AMQP\x03\x01\x00\x00", 8);
constexpr std::uint8_t kMechanisms = 0x40;
constexpr std::uint8_t kOutcome = 0x44;

std::string sasl_init(const std::string& mechanism) {
    std::string fields("\xa3", 1);
    fields += static_cast<char>(mechanism.size());
    fields += mechanism;
    fields += std::string_view("\xa0\x00", 2);  // the initial response: empty
    std::string frame("\x00\x00\x00\x00\x02\x01\x00\x00\x00\x53\x41\xc0", 12);
    frame += static_cast<char>(fields.size() + 1);
    frame += '\x02';
    frame += fields;
    frame[3] = static_cast<char>(frame.size());
    return frame;
}

std::uint32_t big_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
}

struct FreeMessage {
    void operator()(pn_message_t* message) const { pn_message_free(message); }
};

// Used again for every message: the herd has one thread.
pn_message_t* scratch() {
    static const std::unique_ptr<pn_message_t, FreeMessage> message(pn_message());
    pn_message_clear(message.get());
    return message.get();
}

std::string encode(const Message& from) {
    pn_message_t* message = scratch();
    pn_message_set_durable(message, from.durable);
    if (!from.reply_to.empty()) pn_message_set_reply_to(message, from.reply_to.c_str());
    if (!from.correlation_id.empty()) {
        pn_msgid_t id{};
        id.type = PN_STRING;
        id.u.as_bytes = pn_bytes(from.correlation_id.size(), from.correlation_id.data());
        pn_message_set_correlation_id(message, id);
    }
    pn_data_put_string(pn_message_body(message), pn_bytes(from.body.size(), from.body.data()));
    std::string bytes(from.body.size() + 1024, '\0');
    std::size_t size = bytes.size();
    if (pn_message_encode(message, bytes.data(), &size) != 0) return {};
    bytes.resize(size);
    return bytes;
}

std::string text_in(pn_data_t* data) {
    if (!pn_data_next(data)) return {};
    const pn_bytes_t bytes = pn_data_type(data) == PN_STRING   ? pn_data_get_string(data)
                             : pn_data_type(data) == PN_BINARY ? pn_data_get_binary(data)
                                                               : pn_bytes(0, nullptr);
    return bytes.size == 0 ? std::string() : std::string(bytes.start, bytes.size);
}

Message decode(std::string_view bytes) {
    pn_message_t* message = scratch();
    Message found;
    if (pn_message_decode(message, bytes.data(), bytes.size()) != 0) return found;
    found.body = text_in(pn_message_body(message));
    const char* reply_to = pn_message_get_reply_to(message);
    if (reply_to != nullptr) found.reply_to = reply_to;
    const pn_msgid_t id = pn_message_get_correlation_id(message);
    if (id.type == PN_STRING)
        found.correlation_id = std::string(id.u.as_bytes.start, id.u.as_bytes.size);
    return found;
}

Link::Answer answer_of(pn_delivery_t* delivery) {
    switch (pn_delivery_remote_state(delivery)) {
        case PN_ACCEPTED:
            return Link::Answer::accepted;
        case PN_REJECTED:
            return Link::Answer::rejected;
        default:
            return Link::Answer::released;
    }
}

std::string text_of(pn_condition_t* condition) {
    const char* text = pn_condition_get_description(condition);
    return text == nullptr ? "" : text;
}

}  // namespace

Link::Link(TlsStream stream, Plan plan, Owner& owner)
    : stream_(std::move(stream)), plan_(std::move(plan)), owner_(owner) {}

Link::~Link() {
    if (layer_ == Layer::amqp) pn_connection_driver_destroy(&driver_);
}

void Link::on_ready() {
    if (ended_) return;
    advance();
    if (!ended_ && stream_.stage() == TlsStream::Stage::ended) end(stream_.why());
}

void Link::advance() {
    if (layer_ == Layer::tls) {
        if (stream_.advance() != TlsStream::Stage::open) return;
        start_sasl();
    }
    if (layer_ == Layer::sasl) {
        write_raw();
        read_sasl();
    }
    // What is read may lead to something to write, and the other way round.
    if (layer_ == Layer::amqp) {
        while (!ended_ && (static_cast<int>(read_amqp()) | static_cast<int>(write_amqp())) != 0) {
        }
    }
}

void Link::start_sasl() {
    layer_ = Layer::sasl;
    sasl_out_ = kSaslHeader;
}

void Link::write_raw() {
    while (!sasl_out_.empty()) {
        const ssize_t count = stream_.write(sasl_out_.data(), sasl_out_.size());
        if (count <= 0) return;
        sasl_out_.erase(0, static_cast<std::size_t>(count));
    }
}

void Link::read_sasl() {
    char bytes[512];
    for (ssize_t count; layer_ == Layer::sasl && (count = stream_.read(bytes, sizeof bytes)) > 0;) {
        sasl_in_.append(bytes, static_cast<std::size_t>(count));
        while (layer_ == Layer::sasl && take_sasl_frame()) {
        }
    }
}

bool Link::take_sasl_frame() {
    if (sasl_in_.starts_with(kSaslHeader)) sasl_in_.erase(0, kSaslHeader.size());
    if (sasl_in_.size() < 8) return false;
    const std::size_t size = big_endian(sasl_in_);
    if (size < 11 || size > 4096) {
        end("no frame of SASL");
        return false;
    }
    if (sasl_in_.size() < size) return false;
    const std::string frame = sasl_in_.substr(0, size);
    sasl_in_.erase(0, size);
    const auto kind = static_cast<std::uint8_t>(frame[10]);
    if (kind == kMechanisms) {
        sasl_out_ += sasl_init(plan_.mechanism);
        write_raw();
        return true;
    }
    // A list whose first member is the code, an unsigned byte: 0 is success.
    if (kind == kOutcome && frame.size() >= 16 && frame[14] == '\x50' && frame[15] == '\0') {
        start_amqp();
    } else {
        end("SASL was refused");
    }
    return false;
}

void Link::start_amqp() {
    layer_ = Layer::amqp;
    pn_connection_driver_init(&driver_, nullptr, nullptr);
    pn_connection_t* connection = driver_.connection;
    pn_connection_set_container(connection, plan_.container_id.c_str());
    pn_connection_set_hostname(connection, std::string(crypto::kServerName).c_str());
    pn_transport_set_max_frame(driver_.transport, kFrameBytes);
    pn_transport_set_idle_timeout(driver_.transport, plan_.idle_timeout_ms);
    pn_connection_driver_bind(&driver_);
    pn_connection_open(connection);
    pn_session_t* session = pn_session(connection);
    pn_session_set_incoming_capacity(session, kSessionBytes);
    pn_session_open(session);
    pn_link_t* receiver = pn_receiver(session, ("from " + plan_.source).c_str());
    if (plan_.source.empty()) {
        pn_terminus_set_dynamic(pn_link_source(receiver), true);
    } else {
        pn_terminus_set_address(pn_link_source(receiver), plan_.source.c_str());
    }
    pn_link_open(receiver);
    for (const std::string& target : plan_.targets) {
        pn_link_t* sender = pn_sender(session, ("to " + target).c_str());
        pn_terminus_set_address(pn_link_target(sender), target.c_str());
        pn_link_open(sender);
        senders_.push_back(sender);
    }
    handle_events();
    feed(std::exchange(sasl_in_, {}));
}

// What the peer has sent behind the outcome.
void Link::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        const pn_rwbytes_t space = pn_connection_driver_read_buffer(&driver_);
        const std::size_t count = bytes.copy(space.start, space.size);
        if (count == 0) return;
        pn_connection_driver_read_done(&driver_, count);
        handle_events();
        bytes.remove_prefix(count);
    }
}

bool Link::read_amqp() {
    bool any = false;
    while (!pn_connection_driver_read_closed(&driver_)) {
        const pn_rwbytes_t space = pn_connection_driver_read_buffer(&driver_);
        if (space.size == 0) break;
        const ssize_t count = stream_.read(space.start, space.size);
        if (count == 0) break;
        if (count < 0) {
            pn_connection_driver_read_close(&driver_);
            pn_connection_driver_write_close(&driver_);
        } else {
            pn_connection_driver_read_done(&driver_, static_cast<std::size_t>(count));
        }
        any = true;
        handle_events();
    }
    return any;
}

bool Link::write_amqp() {
    bool any = false;
    while (!pn_connection_driver_write_closed(&driver_)) {
        const pn_bytes_t bytes = pn_connection_driver_write_buffer(&driver_);
        if (bytes.size == 0) break;
        const ssize_t count = stream_.write(bytes.start, bytes.size);
        if (count <= 0) break;
        pn_connection_driver_write_done(&driver_, static_cast<std::size_t>(count));
        any = true;
        handle_events();
    }
    if (pn_connection_driver_finished(&driver_)) end("the connection was closed");
    return any;
}

void Link::handle_events() {
    while (pn_event_t* event = pn_connection_driver_next_event(&driver_)) handle(event);
}

void Link::handle(pn_event_t* event) {
    switch (pn_event_type(event)) {
        case PN_LINK_REMOTE_OPEN:
            return on_link_open(pn_event_link(event));
        case PN_DELIVERY:
            return on_delivery(pn_event_delivery(event));
        case PN_LINK_REMOTE_CLOSE:
        case PN_LINK_REMOTE_DETACH:
        case PN_SESSION_REMOTE_CLOSE:
        case PN_CONNECTION_REMOTE_CLOSE: {
            pn_condition_t* condition = pn_connection_remote_condition(driver_.connection);
            const char* name = pn_condition_get_name(condition);
            if (name != nullptr && condition_.empty()) {
                condition_ = name;
                why_ = text_of(condition);
            }
            return pn_connection_close(driver_.connection);
        }
        case PN_TRANSPORT_ERROR:
            if (why_.empty()) why_ = text_of(pn_transport_condition(driver_.transport));
            return;
        default:
            return;
    }
}

void Link::on_link_open(pn_link_t* link) {
    if (pn_link_is_receiver(link)) {
        const char* address = pn_terminus_get_address(pn_link_remote_source(link));
        if (address != nullptr) reply_address_ = address;
        pn_link_flow(link, kCredit);
    }
    if (++open_links_ < plan_.targets.size() + 1) return;
    attached_ = true;
    owner_.on_attached();
}

void Link::on_delivery(pn_delivery_t* delivery) {
    if (pn_link_is_receiver(pn_delivery_link(delivery))) {
        if (pn_delivery_readable(delivery) && !pn_delivery_partial(delivery)) receive(delivery);
        return;
    }
    if (!pn_delivery_updated(delivery)) return;
    const pn_bytes_t tag = pn_delivery_tag(delivery);
    std::uint64_t token = 0;
    for (std::size_t i = 0; i < tag.size && i < 8; ++i)
        token |= std::uint64_t{static_cast<std::uint8_t>(tag.start[i])} << (8 * i);
    const Answer answer = answer_of(delivery);
    pn_delivery_settle(delivery);
    owner_.on_settled(token, answer);
}

void Link::receive(pn_delivery_t* delivery) {
    pn_link_t* link = pn_delivery_link(delivery);
    std::string bytes(pn_delivery_pending(delivery), '\0');
    pn_link_recv(link, bytes.data(), bytes.size());
    pn_link_advance(link);
    owner_.on_message(decode(bytes));
    pn_delivery_update(delivery, PN_ACCEPTED);
    pn_delivery_settle(delivery);
    // As link::Traffic has it: once half of it is used.
    if (pn_link_credit(link) <= static_cast<int>(kCredit / 2))
        pn_link_flow(link, static_cast<int>(kCredit) - pn_link_credit(link));
}

void Link::send(std::size_t target, std::uint64_t token, const Message& message) {
    if (!attached_ || ended_) return;
    char tag[8];
    for (std::size_t i = 0; i < sizeof tag; ++i) tag[i] = static_cast<char>(token >> (8 * i));
    const std::string bytes = encode(message);
    pn_delivery(senders_.at(target), pn_dtag(tag, sizeof tag));
    pn_link_send(senders_.at(target), bytes.data(), bytes.size());
    pn_link_advance(senders_.at(target));
}

void Link::tick(std::uint64_t now_ms) {
    if (layer_ == Layer::amqp && !ended_)
        pn_transport_tick(driver_.transport, static_cast<pn_timestamp_t>(now_ms));
}

void Link::close() {
    if (layer_ == Layer::amqp) pn_connection_close(driver_.connection);
    on_ready();
}

void Link::end(std::string why) {
    ended_ = true;
    if (why_.empty()) why_ = std::move(why);
}

}  // namespace evenkeel::herd
