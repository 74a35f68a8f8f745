#include "orchestrator/state/bodies.hpp"

#include <array>

#include "core/base/text.hpp"
#include "core/crypto/hash.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// bodies: number -> Body
// holders: host id, 0, SHA-256 of the resource's key, and the holder: "c" and the number of an
// unfinished command, "h" and the number of the body, the history, or "r", the resource -> number
// of the body, and the command's id, or kSucceeded
namespace evenkeel::state {
namespace {

constexpr char kCommand = 'c';
constexpr char kHistory = 'h';
constexpr char kResource = 'r';
constexpr std::string_view kCounter = "bodies";
constexpr std::string_view kSucceeded = "succeeded";  // of a description

// Not the resource's key itself: that may be as long as a key can be.
std::string holders_of(std::string_view host, const wire::Ref& ref) {
    return host_key(host, crypto::sha256(store::resource_key(ref.collection, ref.id)));
}

std::string holder_of(const std::string& prefix, std::uint64_t seq) {
    return prefix + kCommand + store::number_key(seq);
}

std::string history_holder(const std::string& prefix, std::uint64_t number) {
    return prefix + kHistory + store::number_key(number);
}

// The two parts of a holder's record.
struct Holding {
    std::uint64_t number = 0;
    std::string_view rest;  // the command's id, or kSucceeded
};

Result<Holding> decode_holding(std::string_view record) {
    const std::size_t end = std::min(record.find(' '), record.size());
    Holding holding;
    holding.number = EK_TRY(parse_number(record.substr(0, end)));
    if (end < record.size()) holding.rest = record.substr(end + 1);
    return holding;
}

}  // namespace

Bodies View::bodies() const {
    return Bodies(*this);
}

BodyEdits Edit::bodies() {
    return BodyEdits(*this);
}

Result<Body> Bodies::get(std::uint64_t number) const {
    auto body =
        EK_TRY(find_record<Body>(*txn_, tables_->bodies, store::number_key(number), decode_body));
    if (!body) return fail(Errc::corrupt, "body " + std::to_string(number) + " is gone");
    return *std::move(body);
}

Result<std::size_t> Bodies::bytes(std::uint64_t number) const {
    const auto record = EK_TRY(txn_->get(tables_->bodies, store::number_key(number)));
    return record ? record->size() : 0;
}

Result<void> Bodies::each_command(std::string_view host, const wire::Ref& ref,
                                  const Visit& visit) const {
    const auto range = store::Range::prefix(holders_of(host, ref) + kCommand).reversed();
    Result<void> read;
    EK_CHECK(
        txn_->scan(tables_->holders, range, [&](std::string_view key, std::string_view record) {
            const auto seq = store::number_of(key);
            const auto holding = decode_holding(record);
            if (!seq) read = fail(seq.error());
            if (!holding) read = fail(holding.error());
            return read && visit(*seq, holding->rest);
        }));
    return read;
}

Result<std::vector<std::uint64_t>> Bodies::history(std::string_view host,
                                                   const wire::Ref& ref) const {
    std::vector<std::uint64_t> numbers;
    Result<void> read;
    const auto range = store::Range::prefix(holders_of(host, ref) + kHistory).reversed();
    EK_CHECK(txn_->scan(tables_->holders, range, [&](std::string_view key, std::string_view) {
        const auto number = store::number_of(key);
        if (number) numbers.push_back(*number);
        else read = fail(number.error());
        return read.has_value();
    }));
    EK_CHECK(read);
    return numbers;
}

Result<std::string> Bodies::description_holder(std::string_view host, const wire::Ref& ref,
                                               std::uint64_t number) const {
    const std::string prefix = holders_of(host, ref);
    for (std::string& holder : std::array{prefix + kResource, history_holder(prefix, number)}) {
        const auto record = EK_TRY(txn_->get(tables_->holders, holder));
        if (record && EK_TRY(decode_holding(*record)).number == number) return std::move(holder);
    }
    return std::string();
}

Result<bool> Bodies::has_succeeded(std::string_view host, const wire::Ref& ref,
                                   std::uint64_t number) const {
    const std::string holder = EK_TRY(description_holder(host, ref, number));
    if (holder.empty()) return false;
    const auto record = EK_TRY(txn_->get(tables_->holders, holder));
    return record && EK_TRY(decode_holding(*record)).rest == kSucceeded;
}

BodyEdits::BodyEdits(Edit& edit) : Bodies(edit), RepositoryEdits(edit) {}

Result<std::uint64_t> BodyEdits::add(const Body& body) {
    const std::uint64_t number = EK_TRY(edit_->next_number(kCounter));
    EK_CHECK(write_->append(tables_->bodies, store::number_key(number), encode(body).take()));
    return number;
}

Result<void> BodyEdits::erase(std::uint64_t number) {
    EK_CHECK(write_->erase(tables_->bodies, store::number_key(number)));
    return {};
}

Result<void> BodyEdits::hold(std::string_view host, const wire::Ref& ref, std::uint64_t number,
                             bool is_newer) {
    const std::string prefix = holders_of(host, ref);
    if (!is_newer) EK_CHECK(release(prefix, prefix + kResource));
    // A program that knows no history leaves it behind when it drops a description.
    std::size_t most = is_newer ? 0 : kHistoryMost - 1;
    if (const auto record = EK_TRY(write_->get(tables_->holders, prefix + kResource))) {
        most = kHistoryMost - 1;
        const std::uint64_t before = EK_TRY(decode_holding(*record)).number;
        EK_CHECK(write_->put(tables_->holders, history_holder(prefix, before), *record));
    }
    EK_CHECK(write_->put(tables_->holders, prefix + kResource, std::to_string(number)));
    const std::vector<std::uint64_t> former = EK_TRY(history(host, ref));
    for (std::size_t at = most; at < former.size(); ++at) {
        EK_CHECK(release(prefix, history_holder(prefix, former[at])));
    }
    return {};
}

Result<void> BodyEdits::drop(std::string_view host, const wire::Ref& ref) {
    const std::string prefix = holders_of(host, ref);
    EK_CHECK(release(prefix, prefix + kResource));
    for (const std::uint64_t former : EK_TRY(history(host, ref))) {
        EK_CHECK(release(prefix, history_holder(prefix, former)));
    }
    return {};
}

Result<void> BodyEdits::hold_for_command(std::string_view host, const wire::Ref& ref,
                                         std::uint64_t seq, std::string_view command,
                                         std::uint64_t number) {
    return write_->put(tables_->holders, holder_of(holders_of(host, ref), seq),
                       std::to_string(number) + " " + std::string(command));
}

Result<void> BodyEdits::put_succeeded(std::string_view host, const wire::Ref& ref,
                                      std::uint64_t number) {
    const std::string holder = EK_TRY(description_holder(host, ref, number));
    if (holder.empty()) return {};
    return write_->put(tables_->holders, holder,
                       std::to_string(number) + " " + std::string(kSucceeded));
}

Result<void> BodyEdits::release_from_command(std::string_view host, const wire::Ref& ref,
                                             std::uint64_t seq) {
    const std::string prefix = holders_of(host, ref);
    return release(prefix, holder_of(prefix, seq));
}

Result<void> BodyEdits::release(const std::string& prefix, const std::string& holder) {
    const auto record = EK_TRY(write_->get(tables_->holders, holder));
    if (!record) return {};
    const std::uint64_t number = EK_TRY(decode_holding(*record)).number;
    EK_CHECK(write_->erase(tables_->holders, holder));
    if (number == 0) return {};
    return EK_TRY(is_held(prefix, number)) ? Result<void>() : erase(number);
}

// The history is not looked through: its keys have the numbers.
Result<bool> BodyEdits::is_held(const std::string& prefix, std::uint64_t number) const {
    if (EK_TRY(txn_->get(tables_->holders, history_holder(prefix, number)))) return true;
    const auto resource = EK_TRY(txn_->get(tables_->holders, prefix + kResource));
    if (resource && EK_TRY(decode_holding(*resource)).number == number) return true;
    bool is_held = false;
    EK_CHECK(txn_->scan(tables_->holders, store::Range::prefix(prefix + kCommand),
                        [&](std::string_view, std::string_view other) {
                            const auto holding = decode_holding(other);
                            is_held = !holding || holding->number == number;
                            return !is_held;
                        }));
    return is_held;
}

}  // namespace evenkeel::state
