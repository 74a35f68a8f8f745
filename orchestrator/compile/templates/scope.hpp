#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"
#include "orchestrator/compile/templates/limits.hpp"
#include "orchestrator/compile/templates/program.hpp"

// What names mean at one place of a rendering, and what looking them up may cost.
namespace evenkeel::templates {

class Scope {
  public:
    explicit Scope(NameSource& names) : names_(names) {}

    // A value that was looked up; null where it is missing below `labels` or `facts`.
    struct Target {
        const json::Value* value = nullptr;
        bool optional = false;  // it is below them, or it is them
    };
    // `not_found` for what does not exist, with `required` also below `labels` and `facts`.
    TemplateResult<Target> find(const Path& path, bool required);
    TemplateResult<bool> holds(const Test& test);

    // `limit` when the steps are used up.
    TemplateResult<> spend(std::uint64_t steps, std::size_t byte) {
        steps_ += steps;
        if (steps_ <= kStepsMost) return {};
        return too_many_steps(byte);
    }

    // A block over a list: begin_list, next_item for each item in turn, end.
    void begin_list(const Target& list);
    void next_item(const json::Value& item);
    void begin_object(const Target& object);
    // A text or number: names mean what they mean around it.
    void begin_scalar(const Target& scalar);
    void end() { frames_.pop_back(); }

    const std::optional<NameUse>& secret() const { return secret_; }

  private:
    static tl::unexpected<Fault> too_many_steps(std::size_t byte);

    struct Frame {
        const json::Value* item = nullptr;
        bool scalar = false;
        bool optional = false;
        std::size_t size = 0;  // of a list; else 0
        std::size_t count = 0;
        // Looked up as @index, @first and @last.
        json::Value index = {};
        json::Value first = {};
        json::Value last = {};
    };

    const Frame* innermost(bool (*wanted)(const Frame&)) const;
    TemplateResult<Target> find_special(const Path& path) const;
    TemplateResult<Target> find_top(const Path& path, bool required);
    // From `at` on, by the parts from `begin` on.
    TemplateResult<Target> walk(Target at, const Path& path, std::size_t begin, bool required);
    // The member that the parts from `begin` on name, and where its name ends.
    TemplateResult<std::size_t> step(const json::Value*& value, const Path& path,
                                     std::size_t begin);
    Fault missing(const json::Value& in, const Path& path, std::size_t begin);

    NameSource& names_;
    std::vector<Frame> frames_;
    std::uint64_t steps_ = 0;
    std::optional<NameUse> secret_;
};

}  // namespace evenkeel::templates
