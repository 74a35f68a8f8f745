#include "core/crypto/record_chain.hpp"

#include "core/crypto/hash.hpp"

namespace evenkeel::crypto {
namespace {

// Of a record without `hash`, which is the same afterwards.
std::string hash_of(json::Object& content) {
    json::Value whole(std::move(content));
    std::string hash = sha256_hex(json::write_canonical(whole));
    content = std::move(whole.as_object());
    return hash;
}

std::string named(std::uint64_t seq) {
    return "audit record " + std::to_string(seq);
}

}  // namespace

json::Value encode(const ChainEnd& end) {
    return json::Object{{"seq", end.seq}, {"hash", end.hash}};
}

Result<ChainEnd> decode_chain_end(const json::Value& value) {
    const std::int64_t seq = value.integer_or("seq", -1);
    ChainEnd end{.seq = static_cast<std::uint64_t>(seq), .hash = value.string_or("hash")};
    if (seq < 0 || end.hash.size() != 64) return fail(Errc::corrupt, "no number or no hash");
    return end;
}

ChainEnd chain(json::Object& record, const ChainEnd& end) {
    record.set("seq", end.seq + 1);
    record.set("previous", end.hash);
    record.erase("hash");
    const std::string hash = hash_of(record);
    record.set("hash", hash);
    return {.seq = end.seq + 1, .hash = hash};
}

Result<void> ChainCheck::next(const json::Value& record) {
    const std::uint64_t expected = end_.seq + 1;
    if (!record.is_object()) return fail(Errc::corrupt, named(expected) + " does not read");
    const std::int64_t seq = record.integer_or("seq", -1);
    if (seq != static_cast<std::int64_t>(expected)) {
        return fail(Errc::corrupt,
                    named(expected) + " is missing: " +
                        (seq < 0 ? "one without a number" : "number " + std::to_string(seq)) +
                        " stands in its place");
    }
    json::Object content = record.as_object();
    content.erase("hash");
    const std::string hash = hash_of(content);
    if (record.string_or("hash") != hash) {
        return fail(Errc::corrupt,
                    named(expected) + " was changed: its hash is not that of its content");
    }
    if (record.string_or("previous") != end_.hash) {
        return fail(Errc::corrupt, named(expected) + " does not follow the record before it");
    }
    end_ = {.seq = expected, .hash = hash};
    return {};
}

Result<void> ChainCheck::finish(const ChainEnd& head) const {
    if (head == end_) return {};
    if (head.seq > end_.seq)
        return fail(Errc::corrupt, named(end_.seq + 1) + " is missing at the end");
    return fail(Errc::corrupt, named(end_.seq) + " is not the end that the store names");
}

}  // namespace evenkeel::crypto
