#include "core/base/text.hpp"
#include "core/wire/fields.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::wire {
namespace {

constexpr std::int64_t kLongestTimeoutMs = 7LL * 86'400'000;
using Timeout = json::Milliseconds<1, kLongestTimeoutMs>;
using Version = json::Whole<0, 1'000'000>;

// A name or an id: kept, compared and shown for as long as the peer is known.
constexpr std::size_t kShortBytes = 256;
struct Short : json::Codec<std::string> {
    static json::MaybeWrong decode(const json::Value& from, std::string& into) {
        if (auto wrong = json::Codec<std::string>::decode(from, into)) return wrong;
        if (into.size() <= kShortBytes) return std::nullopt;
        into.clear();
        return json::wrong("is longer than " + std::to_string(kShortBytes) + " bytes");
    }
};

// Such texts; what is none, is longer, or comes after so many is left out.
struct Texts : json::List<std::string> {
    static constexpr std::size_t kMost = 256;
    static json::MaybeWrong decode(const json::Value& from, std::vector<std::string>& into) {
        into.clear();
        if (!from.is_array()) return std::nullopt;
        for (const json::Value& item : from.as_array()) {
            const bool is_taken = item.is_string() && item.as_string().size() <= kShortBytes;
            if (is_taken && into.size() < kMost) into.push_back(item.as_string());
        }
        return std::nullopt;
    }
};
// The same, where the list may be missing.
struct TextsIfAny {
    using Value = std::optional<std::vector<std::string>>;
    static json::Value encode(const Value& from) { return Texts::encode(*from); }
    static json::MaybeWrong decode(const json::Value& from, Value& into) {
        into.reset();
        return from.is_array() ? Texts::decode(from, into.emplace()) : std::nullopt;
    }
};

}  // namespace

constexpr auto fields_of(json::Of<StreamPosition>) {
    return json::shape(json::field_as<Short>("stream", &StreamPosition::stream).lenient(),
                       json::field("seq", &StreamPosition::seq));
}

constexpr auto fields_of(json::Of<CollectionInfo>) {
    return json::shape(
        json::field_as<Short>("name", &CollectionInfo::name),
        json::field_as<Short>("plugin", &CollectionInfo::plugin).lenient(),
        json::field_as<Short>("schema_sha256", &CollectionInfo::schema_sha256),
        json::field_as<json::Whole<1, 1'000'000>>("schema_version",
                                                  &CollectionInfo::schema_version),
        json::field_as<TextsIfAny>("actions", &CollectionInfo::actions)
            .written_if([](const CollectionInfo& from) { return from.actions.has_value(); }),
        json::field_as<TextsIfAny>("capabilities", &CollectionInfo::capabilities)
            .written_if([](const CollectionInfo& from) { return from.capabilities.has_value(); }));
}

constexpr auto fields_of(json::Of<AgentHello>) {
    using T = AgentHello;
    return json::shape(
        json::group("protocol", json::field_as<Version>("min", &T::protocol_min),
                    json::field_as<Version>("max", &T::protocol_max)),
        json::field_as<Texts>("capabilities", &T::capabilities),
        json::field_as<Short>("version", &T::version).lenient(),
        json::field_as<Short>("stream", &T::stream),
        json::field_as<Short>("boot_id", &T::boot_id).lenient(),
        json::field_as<Short>("machine_id", &T::machine_id).lenient(),
        json::field_as<Short>("instance", &T::instance).lenient(),
        json::field_as<Short>("name", &T::name).lenient(),
        json::field_as<json::AnObject>("facts", &T::facts).lenient(),
        json::field_as<json::PresentList<CollectionInfo>>("collections", &T::collections),
        json::field("commands", &T::commands),
        json::field_as<json::Whole<1, INT64_MAX>>("first_event", &T::first_event).lenient());
}

constexpr auto fields_of(json::Of<OrchestratorHello>) {
    using T = OrchestratorHello;
    return json::shape(
        json::field_as<Version>("protocol", &T::protocol),
        json::field_as<Texts>("capabilities", &T::capabilities),
        json::field_as<Short>("version", &T::version).lenient(),
        json::field_as<Short>("stream", &T::stream),
        json::group("predecessor", json::field_as<Short>("stream", &T::predecessor_stream),
                    json::field("revision", &T::predecessor_revision))
            .null_unless([](const T& from) { return !from.predecessor_stream.empty(); }),
        json::field_as<Short>("host", &T::host),
        json::field_as<json::Milliseconds<100, 3'600'000>>("heartbeat_ms", &T::heartbeat),
        json::field_as<json::Milliseconds<0, 3'600'000>>("backoff_base_ms", &T::backoff_base)
            .lenient()
            .written_if([](const T& from) { return from.backoff_base.count() > 0; }),
        json::field("events", &T::events));
}

constexpr auto fields_of(json::Of<Heartbeat>) {
    return json::shape();
}

constexpr auto fields_of(json::Of<Digest>) {
    return json::shape(json::field_as<Short>("stream", &Digest::stream).lenient(),
                       json::field("count", &Digest::count),
                       json::field_as<Short>("sha256", &Digest::sha256),
                       json::field_as<Short>("xor_sha256", &Digest::xor_sha256).lenient());
}

constexpr auto fields_of(json::Of<Event>) {
    return json::shape(json::field_as<Short>("stream", &Event::stream),
                       json::field("seq", &Event::seq), json::field("kind", &Event::kind),
                       json::field_as<Short>("time", &Event::time),
                       json::field_as<json::AnObject>("data", &Event::data));
}

constexpr auto fields_of(json::Of<Command>) {
    using T = Command;
    return json::shape(
        json::field_as<Short>("id", &T::id), json::field_as<Short>("stream", &T::stream),
        json::field("seq", &T::seq), json::field("verb", &T::verb),
        json::field_as<Timeout>("timeout_ms", &T::timeout),
        json::field_as<json::PresentList<ResourceRequest>>("resources", &T::resources));
}

constexpr auto fields_of(json::Of<Cancel>) {
    return json::shape(json::field_as<Short>("command", &Cancel::command));
}

constexpr auto fields_of(json::Of<Request>) {
    return json::shape(json::field("verb", &Request::verb),
                       json::field_as<Timeout>("timeout_ms", &Request::timeout),
                       json::field_as<json::AnObject>("arguments", &Request::arguments).lenient());
}

constexpr auto fields_of(json::Of<Reply>) {
    return json::shape(
        json::field("error", &Reply::error).lenient().written_if([](const Reply& from) {
            return from.error.has_value();
        }),
        json::field_as<json::AnObject>("result", &Reply::result)
            .lenient()
            .written_if([](const Reply& from) {
                // Beside an error only to a local administrator: what of a FILE is wrong.
                return !from.error || (from.result.is_object() && !from.result.as_object().empty());
            }));
}

constexpr auto fields_of(json::Of<EnrolRequest>) {
    using T = EnrolRequest;
    return json::shape(json::field("token", &T::token).lenient(), json::field("csr", &T::csr),
                       json::field("name", &T::name),
                       json::field("machine_id", &T::machine_id).lenient(),
                       json::field("version", &T::version).lenient(),
                       json::field_as<json::AnObject>("facts", &T::facts).lenient());
}

// Of one that is accepted.
constexpr auto fields_of(json::Of<EnrolAnswer>) {
    using T = EnrolAnswer;
    return json::shape(json::field("host", &T::host), json::field("certificate", &T::certificate),
                       json::field("ca", &T::ca),
                       json::field_as<json::Whole<1, 65'535>>("bus_port", &T::bus_port));
}

namespace {

// What a message is, in its member "type".
enum class Type {
    hello,
    heartbeat,
    digest,
    event,
    reply,
    command,
    cancel,
    request,
    enrol,
    identify,
    enrolled,
    refused,
};
constexpr auto enum_names(Type) {
    return names<Type>("type", {{Type::hello, "hello"},
                                {Type::heartbeat, "heartbeat"},
                                {Type::digest, "digest"},
                                {Type::event, "event"},
                                {Type::reply, "reply"},
                                {Type::command, "command"},
                                {Type::cancel, "cancel"},
                                {Type::request, "request"},
                                {Type::enrol, "enrol"},
                                {Type::identify, "identify"},
                                {Type::enrolled, "enrolled"},
                                {Type::refused, "refused"}});
}

template <typename T>
std::string text_of(Type type, const T& message) {
    json::Object out{{"type", to_string(type)}};
    json::append_shape(message, out);
    return json::write(std::move(out));
}

Result<json::Value> gate(std::string_view body, std::size_t most) {
    json::Value value = EK_TRY(json::parse(body, {.bytes = most}));
    if (!value["type"].is_string()) return fail(Errc::invalid, "a message without a type");
    return value;
}

std::optional<Type> type_of(const json::Value& value) {
    return find_name<Type>(value["type"].as_string());
}

tl::unexpected<Error> unknown_type(const json::Value& value) {
    return fail(Errc::unsupported,
                "a message of the unknown type '" + printable(value["type"].as_string()) + "'");
}

}  // namespace

std::string encode(const AgentHello& message) {
    return text_of(Type::hello, message);
}
std::string encode(const OrchestratorHello& message) {
    return text_of(Type::hello, message);
}
std::string encode(const Heartbeat& message) {
    return text_of(Type::heartbeat, message);
}
std::string encode(const Digest& message) {
    return text_of(Type::digest, message);
}
std::string encode(const Event& message) {
    return text_of(Type::event, message);
}
std::string encode(const Event& message, std::string_view data) {
    std::string text = text_of(Type::event, Event{message.stream, message.seq, message.kind,
                                                  message.time, json::Object{}});
    text.resize(text.size() - 3);  // the empty data, which come last, and the end: {}}
    return text.append(data).append("}");
}
std::string encode(const Command& message) {
    return text_of(Type::command, message);
}
std::string encode(const Cancel& message) {
    return text_of(Type::cancel, message);
}
std::string encode(const Request& message) {
    return text_of(Type::request, message);
}
std::string encode(const Reply& message) {
    return text_of(Type::reply, message);
}
std::string encode(const EnrolRequest& message) {
    return text_of(message.enrols ? Type::enrol : Type::identify, message);
}
std::string encode(const EnrolAnswer& message) {
    if (!message.error) return text_of(Type::enrolled, message);
    return json::write(
        json::Object{{"type", to_string(Type::refused)}, {"error", encode(*message.error)}});
}

Result<ToOrchestrator> decode_to_orchestrator(std::string_view body) {
    const json::Value value = EK_TRY(gate(body, kMessageBytesMost));
    switch (type_of(value).value_or(Type::refused)) {
        case Type::hello:
            return EK_TRY(json::decode<AgentHello>(value));
        case Type::heartbeat:
            return Heartbeat{};
        case Type::digest:
            return EK_TRY(json::decode<Digest>(value));
        case Type::event:
            return EK_TRY(json::decode<Event>(value));
        case Type::reply:
            return EK_TRY(json::decode<Reply>(value));
        default:
            return unknown_type(value);
    }
}

Result<ToAgent> decode_to_agent(std::string_view body) {
    const json::Value value = EK_TRY(gate(body, kMessageBytesMost));
    switch (type_of(value).value_or(Type::refused)) {
        case Type::hello:
            return EK_TRY(json::decode<OrchestratorHello>(value));
        case Type::heartbeat:
            return Heartbeat{};
        case Type::command:
            return EK_TRY(json::decode<Command>(value));
        case Type::cancel:
            return EK_TRY(json::decode<Cancel>(value));
        case Type::request:
            return EK_TRY(json::decode<Request>(value));
        default:
            return unknown_type(value);
    }
}

Result<EnrolRequest> decode_enrol_request(std::string_view body) {
    const json::Value value = EK_TRY(gate(body, kEnrolBytesMost));
    const auto type = type_of(value);
    if (type != Type::enrol && type != Type::identify) return unknown_type(value);
    EnrolRequest request = EK_TRY(json::decode<EnrolRequest>(value));
    request.enrols = type == Type::enrol;
    return request;
}

Result<EnrolAnswer> decode_enrol_answer(std::string_view body) {
    const json::Value value = EK_TRY(gate(body, kEnrolBytesMost));
    if (type_of(value) == Type::enrolled) return json::decode<EnrolAnswer>(value);
    if (type_of(value) != Type::refused) return unknown_type(value);
    EnrolAnswer answer;
    answer.error = decode_error(value["error"]);
    return answer;
}

}  // namespace evenkeel::wire
