#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "core/store/env.hpp"

namespace evenkeel::store {

Result<Stream> stream_of(const Env& env, const ReadTxn& txn) {
    const Table meta = env.table("meta");
    Stream stream;
    stream.id = EK_TRY(txn.get(meta, "stream")).value_or("");
    if (!is_id("stream", stream.id)) return fail(Errc::corrupt, "the store names no stream");
    stream.predecessor = EK_TRY(txn.get(meta, "predecessor")).value_or("");
    const auto end = EK_TRY(txn.get(meta, "predecessor_end"));
    if (end) stream.predecessor_end = EK_TRY(parse_number(*end));
    return stream;
}

Result<Stream> begin_stream(const Env& env, WriteTxn& txn, std::uint64_t predecessor_end) {
    const Table meta = env.table("meta");
    Stream stream;
    stream.id = make_id("stream");
    stream.predecessor = EK_TRY(txn.get(meta, "stream")).value_or("");
    stream.predecessor_end = predecessor_end;
    EK_CHECK(txn.put(meta, "stream", stream.id));
    EK_CHECK(txn.put(meta, "predecessor", stream.predecessor));
    EK_CHECK(txn.put(meta, "predecessor_end", std::to_string(predecessor_end)));
    return stream;
}

}  // namespace evenkeel::store
