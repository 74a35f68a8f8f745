#include "plugins/packages/apt/progress.hpp"

#include <charconv>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "plugins/packages/text.hpp"

namespace evenkeel::packages {

namespace {

struct Reports {
    bool changing = false;  // dpkg has begun
    std::string rest;       // the beginning of a line that is not complete

    void take(const std::string& text, const sdk::Call& call) {
        rest += text;
        for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
            report(std::string_view(rest).substr(0, end), call);
            rest.erase(0, end + 1);
        }
    }

  private:
    void report(std::string_view line, const sdk::Call& call) {
        const std::string_view kind = take_part(line, ':');
        if (kind != "dlstatus" && kind != "pmstatus") return;
        changing = changing || kind == "pmstatus";
        // A package's name may have a colon of its own: the percentage is the first decimal
        // fraction.
        double percent = -1;
        for (bool found = false; !found && !line.empty();) {
            const std::string_view word = take_part(line, ':');
            const char* const end = word.data() + word.size();
            found = word.find('.') != word.npos &&
                    std::from_chars(word.data(), end, percent).ptr == end;
            if (!found) percent = -1;
        }
        if (percent < 0 || percent > 100) return;
        call.progress(static_cast<std::uint32_t>(percent * 10), line);
    }
};

}  // namespace

Follow follow_apt() {
    return [reports = std::make_shared<Reports>()](posix::Process& process, const sdk::Call& call) {
        reports->take(process.new_status_reports(), call);
        return reports->changing;
    };
}

}  // namespace evenkeel::packages
