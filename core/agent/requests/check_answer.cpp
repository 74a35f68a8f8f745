#include "core/agent/requests/check_answer.hpp"

#include <map>
#include <utility>

#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/wire/fields.hpp"

namespace evenkeel::agent {
namespace {

constexpr std::size_t kPieceBytes = 32 << 10;

using Counts = std::map<wire::Verdict, int>;

json::Object encode(Counts& counts, const ComplianceTracker& tracker) {
    json::Object out;
    for (const auto verdict : {wire::Verdict::compliant, wire::Verdict::drifted,
                               wire::Verdict::unknown, wire::Verdict::failed}) {
        out.set(std::string(wire::to_string(verdict)), counts[verdict]);
    }
    out.set("found_by_sweep", tracker.found_by_sweep());
    return out;
}

json::Object item_of(const CatalogEntry& entry) {
    const Metadata& metadata = entry.metadata;
    return json::Object{{"collection", metadata.ref.collection},
                        {"id", metadata.ref.id},
                        {"policy", wire::to_string(metadata.policy)},
                        {"origin", wire::to_string(metadata.origin)},
                        {"compliance", wire::encode(entry.status.compliance)}};
}

// The same fields, without a Value on the way.
std::string line_of(const CatalogEntry& entry) {
    const Metadata& metadata = entry.metadata;
    json::Text out;
    out.open_object();
    out.member("type", kLocalItem);
    out.member("collection", metadata.ref.collection);
    out.member("id", metadata.ref.id);
    out.member("policy", wire::to_string(metadata.policy));
    out.member("origin", wire::to_string(metadata.origin));
    out.name("compliance");
    json::write_shape(entry.status.compliance, out);
    out.close_object();
    return out.take() + "\n";
}

class CheckLines {
  public:
    CheckLines(const Catalog& catalog, const ComplianceTracker& tracker)
        : catalog_(catalog), tracker_(tracker) {}

    std::string next() {
        std::string piece;
        if (over_) return piece;
        piece.reserve(kPieceBytes + (kPieceBytes >> 3));
        for (auto at = catalog_.after(last_); at != catalog_.end(); ++at) {
            const CatalogEntry& entry = at->second;
            piece += line_of(entry);
            ++counts_[entry.status.compliance.status];
            if (piece.size() < kPieceBytes) continue;
            last_ = entry.metadata.ref;
            return piece;
        }
        over_ = true;
        const wire::Reply reply{std::nullopt, json::Object{{"counts", encode(counts_, tracker_)}}};
        return piece + wire::encode(reply) + "\n";
    }

  private:
    const Catalog& catalog_;
    const ComplianceTracker& tracker_;
    wire::Ref last_;  // whose line was made last
    Counts counts_;
    bool over_ = false;
};

}  // namespace

json::Value check_answer(const Catalog& catalog, const ComplianceTracker& tracker) {
    json::Array resources;
    Counts counts;
    for (auto at = catalog.begin(); at != catalog.end(); ++at) {
        const CatalogEntry& entry = at->second;
        ++counts[entry.status.compliance.status];
        resources.push_back(item_of(entry));
    }
    return json::Object{{"resources", std::move(resources)}, {"counts", encode(counts, tracker)}};
}

Lines check_lines(const Catalog& catalog, const ComplianceTracker& tracker) {
    return [lines = CheckLines(catalog, tracker)]() mutable { return lines.next(); };
}

}  // namespace evenkeel::agent
