#include "orchestrator/compile/templates/parser.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>

#include "orchestrator/compile/templates/limits.hpp"
#include "orchestrator/compile/templates/template.hpp"

namespace evenkeel::templates {
namespace {

struct Tag {
    std::size_t begin = 0;
    std::size_t end = 0;            // behind the closing mark
    char kind = ' ';                // one of kKinds; a blank where the tag begins with none of them
    std::string_view content = {};  // without blanks around it
    std::size_t at = 0;             // where the content begins
};
// Comment, section, inverted section, end of either; no escaping, twice; partial and marks, which
// there are not.
constexpr std::string_view kKinds = "!#^/&{>=";

struct OpenBlock {
    std::size_t op = 0;
    std::size_t begin = 0;
    std::string_view name;
};

// The FILTER of `if FILTER`, or nothing where the content is a name.
std::optional<std::string_view> condition_of(std::string_view content) {
    if (!content.starts_with("if")) return std::nullopt;
    content.remove_prefix(2);
    const std::size_t begin = std::min(content.find_first_not_of(kBlanks), content.size());
    if (begin == 0 && !content.empty()) return std::nullopt;
    return content.substr(begin);
}

class Parser {
  public:
    Parser(Program& program, const ReadCondition& read_condition, const Marks& marks)
        : program_(program), read_condition_(read_condition), marks_(marks) {}

    TemplateResult<> parse() {
        if (text_.size() > kTemplateBytesMost) {
            return fault_at(0, "expected a template of at most 512 KiB", Errc::limit);
        }
        std::size_t at = 0;
        std::size_t begin = 0;
        std::size_t tags = 0;
        while ((begin = text_.find(marks_.open, at)) != std::string_view::npos) {
            const Tag tag = EK_TRY(read_tag(begin));
            if (++tags > kTagsMost) {
                return fault_at(begin, "expected at most 10,000 tags", Errc::limit);
            }
            const auto [first, last] = taken_out(tag, at);
            add_text(at, first);
            EK_CHECK(add(tag));
            at = last;
        }
        add_text(at, text_.size());
        if (!open_.empty()) {
            return fault_at(open_.back().begin, "expected " + end_of(open_.back()) +
                                                    " for this block, and the template ends");
        }
        gather_uses();
        return {};
    }

  private:
    TemplateResult<Tag> read_tag(std::size_t begin) const {
        Tag tag{.begin = begin};
        std::size_t at = begin + marks_.open.size();
        std::string close = marks_.close;
        if (at < text_.size() && kKinds.find(text_[at]) != std::string_view::npos) {
            tag.kind = text_[at++];
            if (tag.kind == '{') close = "}" + close;
        }
        const std::size_t end = text_.find(close, at);
        if (end == std::string_view::npos) {
            return fault_at(begin, "expected " + close + " behind this tag, and the template ends");
        }
        tag.end = end + close.size();
        tag.at = std::min(text_.find_first_not_of(kBlanks, at), end);
        const std::size_t last = text_.find_last_not_of(kBlanks, end - 1) + 1;
        tag.content = text_.substr(tag.at, std::max(last, tag.at) - tag.at);
        return tag;
    }

    // What the tag takes away from the text: itself, or its line, where a tag that is replaced by
    // nothing stands alone between blanks. `at` is where the text before it begins.
    std::pair<std::size_t, std::size_t> taken_out(const Tag& tag, std::size_t at) const {
        const auto itself = std::pair(tag.begin, tag.end);
        if (std::string_view("!#^/").find(tag.kind) == std::string_view::npos) return itself;
        const auto blank = [&](std::size_t i) { return text_[i] == ' ' || text_[i] == '\t'; };
        std::size_t first = tag.begin;
        while (first > at && blank(first - 1)) --first;
        if (first > 0 && text_[first - 1] != '\n') return itself;
        std::size_t last = tag.end;
        while (last < text_.size() && blank(last)) ++last;
        if (last == text_.size()) return {first, last};
        if (text_.substr(last, 2) == "\r\n") ++last;
        return text_[last] == '\n' ? std::pair(first, last + 1) : itself;
    }

    void add_text(std::size_t begin, std::size_t end) {
        if (begin == end) return;
        program_.ops.push_back({.kind = Op::Kind::text, .begin = begin, .end = end});
    }

    TemplateResult<> add(const Tag& tag) {
        switch (tag.kind) {
            case '!':
                return {};
            case '#':
                if (const auto filter = condition_of(tag.content))
                    return add_condition(tag, *filter);
                return add_section(tag, Op::Kind::section);
            case '^':
                return add_section(tag, Op::Kind::inverted);
            case '/':
                return end_block(tag);
            case '>':
                return fault_at(tag.begin, "expected no partial: templates do not include others");
            case '=':
                return fault_at(tag.begin,
                                "expected no tag that changes the marks: the member "
                                "\"template\" of the resource changes them");
            default:
                return add_value(tag);
        }
    }

    TemplateResult<> add_value(const Tag& tag) {
        Op op{.kind = Op::Kind::value, .begin = tag.begin, .end = tag.end};
        op.expression = EK_TRY(read_expression(tag.content, tag.at));
        EK_CHECK(note_use(op.expression.path));
        program_.single_tag = tag.begin == 0 && tag.end == text_.size();
        program_.ops.push_back(std::move(op));
        return {};
    }

    TemplateResult<> add_section(const Tag& tag, Op::Kind kind) {
        Op op{.kind = kind, .begin = tag.begin, .end = tag.end};
        op.expression.path = EK_TRY(read_path(tag.content, tag.at));
        EK_CHECK(note_use(op.expression.path));
        EK_CHECK(begin_block(std::move(op), tag.content));
        if (kind == Op::Kind::section) ++sections_;
        return {};
    }

    TemplateResult<> add_condition(const Tag& tag, std::string_view filter) {
        const std::size_t byte = tag.at + tag.content.size() - filter.size();
        if (filter.empty()) return fault_at(byte, "expected a filter behind #if");
        if (!read_condition_) return fault_at(tag.begin, "expected no #if: there are no filters");
        auto condition = read_condition_(filter);
        if (!condition) {
            condition.error().place.byte += byte;
            return fail(std::move(condition.error()));
        }
        Test test{.condition = std::move(*condition), .paths = {}, .byte = byte};
        for (const Condition::Field& field : test.condition.fields) {
            test.paths.push_back(EK_TRY(read_path(field.path, byte + field.position)));
            EK_CHECK(note_use(test.paths.back()));
        }
        Op op{.kind = Op::Kind::condition, .begin = tag.begin, .end = tag.end};
        op.test = program_.tests.size();
        program_.tests.push_back(std::move(test));
        return begin_block(std::move(op), "if");
    }

    TemplateResult<> begin_block(Op op, std::string_view name) {
        if (open_.size() == kDepthMost) {
            return fault_at(op.begin, "expected at most 32 blocks inside each other", Errc::limit);
        }
        open_.push_back({program_.ops.size(), op.begin, name});
        program_.ops.push_back(std::move(op));
        return {};
    }

    TemplateResult<> end_block(const Tag& tag) {
        const std::string found = "not " + quoted(text_.substr(tag.begin, tag.end - tag.begin));
        if (open_.empty()) return fault_at(tag.begin, "expected no end, since no block is open");
        const OpenBlock& block = open_.back();
        if (tag.content != block.name) {
            const std::size_t line = place_of(text_, block.begin).line;
            return fault_at(tag.begin, "expected " + end_of(block) + " for the block of line " +
                                           std::to_string(line) + ", " + found);
        }
        Op& op = program_.ops[block.op];
        op.next = program_.ops.size();
        if (op.kind == Op::Kind::section) --sections_;
        open_.pop_back();
        return {};
    }

    std::string end_of(const OpenBlock& block) const {
        return marks_.open + "/" + std::string(block.name) + marks_.close;
    }

    TemplateResult<> note_use(const Path& path) {
        if (path.base == Path::Base::root) {
            program_.uses.push_back({path.text, path.byte, true});
        } else if (path.base == Path::Base::scope) {
            program_.uses.push_back({path.text, path.byte, sections_ == 0});
        } else if (sections_ == 0) {
            return fault_at(path.byte, "expected a section around '" + to_string(path) +
                                           "', which is known of items only");
        }
        return {};
    }

    void gather_uses() {
        std::vector<NameUse>& uses = program_.uses;
        std::sort(uses.begin(), uses.end(), [](const NameUse& a, const NameUse& b) {
            return std::tuple(std::string_view(a.path), !a.certain, a.byte) <
                   std::tuple(std::string_view(b.path), !b.certain, b.byte);
        });
        uses.erase(std::unique(uses.begin(), uses.end(),
                               [](const NameUse& a, const NameUse& b) { return a.path == b.path; }),
                   uses.end());
    }

    Program& program_;
    const std::string_view text_ = program_.text;
    const ReadCondition& read_condition_;
    const Marks& marks_;
    std::vector<OpenBlock> open_;
    std::size_t sections_ = 0;  // of the open blocks
};

}  // namespace

TemplateResult<> parse_into(Program& program, const ReadCondition& read_condition,
                            const Marks& marks) {
    return Parser(program, read_condition, marks).parse();
}

}  // namespace evenkeel::templates
