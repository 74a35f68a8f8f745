#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <evenkeel/cpp/call.hpp>

namespace evenkeel::sdk {

// The changes one apply or remove has to make, found before any is made. Planning and doing is
// thereby one code path:
//
//     Changes changes;
//     changes.field("/text", now, wanted);
//     changes.carry_out(call, [&] { write(wanted); });
class Changes {
  public:
    // Records a field that is not as it should be and says whether it is not. Values are JSON.
    bool field(std::string path, std::optional<std::string> before,
               std::optional<std::string> after, std::uint32_t flags = 0, std::int32_t action = 0) {
        if (before == after) return false;
        changes_.push_back(
            {std::move(path), std::move(before), std::move(after), flags, action, 0});
        return true;
    }

    bool empty() const { return changes_.empty(); }
    bool has(std::string_view path) const {
        for (const Change& change : changes_)
            if (change.path == path) return true;
        return false;
    }

    // Marks one field as done, for work that is made in steps which can fail one by one.
    void done(std::string_view path) {
        for (Change& change : changes_)
            if (change.path == path) change.outcome = EK_OUT_DONE;
    }

    // In a dry run only reports the changes as planned. Otherwise runs `work`, unless there is
    // nothing to do, and reports them as done; if `work` throws, those not marked done are reported
    // as failed and the failure goes on, as partial if something was done. A call that is cancelled
    // when all is done is not stopped any more.
    template <typename Work>
    void carry_out(const Call& call, Work&& work) {
        if (call.dry_run()) {
            report(call, EK_OUT_PLANNED);
            return;
        }
        if (empty()) return;
        call.check();
        try {
            std::forward<Work>(work)();
        } catch (Failure& failure) {
            if (report(call, EK_OUT_FAILED)) failure.partial();
            throw;
        } catch (...) {
            report(call, EK_OUT_FAILED);
            throw;
        }
        report(call, EK_OUT_DONE);
    }

    // Reports those not marked done with this outcome, for work that was done elsewhere: several
    // at one go. True if one had been marked done before.
    bool report(const Call& call, std::int32_t outcome) {
        bool some_done = false;
        for (Change& change : changes_) {
            some_done = some_done || change.outcome == EK_OUT_DONE;
            if (change.outcome == 0) change.outcome = outcome;
            call.report(change);
        }
        return some_done;
    }

  private:
    std::vector<Change> changes_;
};

}  // namespace evenkeel::sdk
