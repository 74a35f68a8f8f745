#include <algorithm>
#include <charconv>
#include <utility>

#include <re2/re2.h>

#include "core/base/text.hpp"
#include "orchestrator/filter/node.hpp"

namespace evenkeel::filter {
namespace {

template <typename T>
using Read = tl::expected<T, FilterError>;

#define EK_FILTER_TRY(expression)                                                     \
    __extension__({                                                                   \
        auto ek_read = (expression);                                                  \
        if (!ek_read) return tl::unexpected<FilterError>(std::move(ek_read.error())); \
        std::move(ek_read).value();                                                   \
    })

constexpr std::size_t kPatternMemoryMost = 256 << 10;
constexpr std::size_t kFoundShown = 80;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Everything but what the grammar uses or keeps for later.
bool is_in_value(char c) {
    constexpr std::string_view kMarks = "=!<>()\"',;&|";
    return static_cast<unsigned char>(c) > ' ' && kMarks.find(c) == std::string_view::npos;
}

bool is_in_field(char c) {
    return is_in_value(c) && c != ':';
}

std::optional<double> number_of(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_spelled_whole = end == text.data() + text.size() && error == std::errc();
    // No "inf" nor "nan".
    const bool is_json = !text.empty() && (text.back() >= '0' && text.back() <= '9');
    return is_spelled_whole && is_json ? std::optional(number) : std::nullopt;
}

std::string listed(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) text.append(text.empty() ? "" : ", ").append(value);
    return text;
}

// One pass over the text.
class Reader {
  public:
    Reader(std::string_view text, const Fields& fields) : text_(text), fields_(fields) {}

    Read<Parsed> read() {
        if (text_.size() > kFilterBytesMost) {
            return bad(kFilterBytesMost, "a filter of at most 4096 bytes");
        }
        Node node = EK_FILTER_TRY(read_any());
        skip_spaces();
        if (at_ != text_.size()) return bad(at_, "AND, OR or the end");
        return Parsed{std::move(node), std::move(uses_)};
    }

  private:
    void skip_spaces() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    }

    std::string_view peek(bool (*belongs)(char)) {
        skip_spaces();
        std::size_t end = at_;
        while (end < text_.size() && belongs(text_[end])) ++end;
        return text_.substr(at_, end - at_);
    }

    std::string_view take(bool (*belongs)(char)) {
        const std::string_view word = peek(belongs);
        at_ += word.size();
        return word;
    }

    // Whether the text goes on with that word.
    bool take_word(std::string_view word) {
        if (peek(is_in_field) != word) return false;
        at_ += word.size();
        return true;
    }

    bool take_mark(std::string_view mark) {
        skip_spaces();
        if (!text_.substr(at_).starts_with(mark)) return false;
        at_ += mark.size();
        return true;
    }

    tl::unexpected<FilterError> bad(std::size_t position, std::string expected) const {
        std::string_view found = text_.substr(std::min(position, text_.size()));
        found = found.substr(0, found.find_first_of(" \t\r\n"));
        return tl::unexpected(FilterError{.position = position,
                                          .expected = std::move(expected),
                                          .found = printable(found.substr(0, kFoundShown))});
    }

    Read<Node> read_any() { return read_joined("OR", Node::Kind::any, &Reader::read_all); }
    Read<Node> read_all() { return read_joined("AND", Node::Kind::all, &Reader::read_term); }

    Read<Node> read_joined(std::string_view word, Node::Kind kind, Read<Node> (Reader::*part)()) {
        std::vector<Node> parts;
        do {
            parts.push_back(EK_FILTER_TRY((this->*part)()));
        } while (take_word(word));
        if (parts.size() == 1) return std::move(parts.front());
        return Node{.kind = kind, .parts = std::move(parts)};
    }

    Read<Node> read_term() {
        skip_spaces();
        const std::size_t begin = at_;
        if (take_word("NOT")) {
            EK_FILTER_TRY(enter(begin));
            Node negated{.kind = Node::Kind::none};
            negated.parts.push_back(EK_FILTER_TRY(read_term()));
            --depth_;
            return negated;
        }
        if (take_mark("(")) {
            EK_FILTER_TRY(enter(begin));
            Node inner = EK_FILTER_TRY(read_any());
            if (!take_mark(")")) return bad(at_, "AND, OR or )");
            --depth_;
            return inner;
        }
        if (terms_++ == kTermsMost) return bad(begin, "the end: a filter has at most 100 terms");
        Node node;
        node.comparison = EK_FILTER_TRY(read_comparison());
        return node;
    }

    Read<bool> enter(std::size_t begin) {
        if (++depth_ > kDepthMost) return bad(begin, "at most 32 levels of ( and NOT");
        return true;
    }

    Read<Comparison> read_comparison() {
        const Field& field = *EK_FILTER_TRY(read_field());
        Comparison comparison;
        comparison.field = field_;
        comparison.index = index_of_use();
        comparison.is_host = field.is_host;
        comparison.is_tree = field.is_tree;
        comparison.op = EK_FILTER_TRY(read_operator());
        if (comparison.op == Operator::in) {
            comparison.operands = EK_FILTER_TRY(read_operands(field));
            return comparison;
        }
        skip_spaces();
        const std::size_t begin = at_;
        comparison.operands.push_back(EK_FILTER_TRY(read_operand()));
        const Operand& operand = comparison.operands.front();
        if (comparison.op == Operator::equal || comparison.op == Operator::unequal) {
            EK_FILTER_TRY(check_value(field, operand, begin));
        }
        if (comparison.op == Operator::matches) {
            comparison.pattern = EK_FILTER_TRY(read_pattern(operand.text, begin));
        }
        return comparison;
    }

    Read<const Field*> read_field() {
        skip_spaces();
        const std::size_t begin = at_;
        field_ = take(is_in_field);
        constexpr std::string_view kReserved[] = {"AND", "OR", "NOT", "in", "matches"};
        const bool is_reserved =
            std::find(std::begin(kReserved), std::end(kReserved), field_) != std::end(kReserved);
        const Field* field =
            is_reserved || field_.size() > kFieldBytesMost ? nullptr : find_field(fields_, field_);
        if (!field) return bad(begin, "one of the fields " + names_of(fields_));
        return field;
    }

    // Of the field read last, among those that are named.
    std::size_t index_of_use() {
        const auto found = std::find_if(uses_.begin(), uses_.end(),
                                        [&](const FieldUse& use) { return use.name == field_; });
        const auto index = static_cast<std::size_t>(found - uses_.begin());
        if (found == uses_.end()) uses_.push_back({std::string(field_), at_ - field_.size()});
        return index;
    }

    Read<Operator> read_operator() {
        constexpr std::pair<std::string_view, Operator> kMarks[] = {
            {"=", Operator::equal}, {"!=", Operator::unequal},  {"<=", Operator::at_most},
            {"<", Operator::less},  {">=", Operator::at_least}, {">", Operator::more},
            {":", Operator::has},
        };
        for (const auto& [mark, op] : kMarks) {
            if (take_mark(mark)) return op;
        }
        if (take_word("in")) return Operator::in;
        if (take_word("matches")) return Operator::matches;
        return bad(at_, "one of = != < <= > >= : in matches");
    }

    Read<std::vector<Operand>> read_operands(const Field& field) {
        if (!take_mark("(")) return bad(at_, "( and the values");
        std::vector<Operand> operands;
        do {
            skip_spaces();
            const std::size_t begin = at_;
            operands.push_back(EK_FILTER_TRY(read_operand()));
            EK_FILTER_TRY(check_value(field, operands.back(), begin));
        } while (take_mark(","));
        if (!take_mark(")")) return bad(at_, "a comma or )");
        return operands;
    }

    Read<Operand> read_operand() {
        if (take_mark("\"")) return read_quoted();
        const std::size_t begin = at_;
        const std::string_view word = take(is_in_value);
        if (word.empty()) return bad(begin, "a value: a word, or text in double quotes");
        return Operand{.text = std::string(word), .number = number_of(word)};
    }

    Read<Operand> read_quoted() {
        Operand operand{.quoted = true};
        for (; at_ < text_.size(); ++at_) {
            char c = text_[at_];
            if (c == '"') {
                ++at_;
                return operand;
            }
            if (c == '\\') {
                const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
                if (next != '"' && next != '\\') return bad(at_ + 1, "\" or \\ behind a backslash");
                ++at_;
                c = next;
            }
            operand.text += c;
        }
        return bad(text_.size(), "the closing quote");
    }

    Read<bool> check_value(const Field& field, const Operand& operand, std::size_t begin) const {
        const auto& values = field.values;
        const bool is_open = values.empty() || (!operand.quoted && operand.text == "null");
        if (is_open || std::find(values.begin(), values.end(), operand.text) != values.end()) {
            return true;
        }
        return bad(begin, "one of " + listed(values));
    }

    Read<std::shared_ptr<const re2::RE2>> read_pattern(const std::string& text,
                                                       std::size_t begin) const {
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(kPatternMemoryMost);
        auto pattern = std::make_shared<const re2::RE2>(text, options);
        if (pattern->ok()) return pattern;
        return bad(begin, "a regular expression of RE2 (" + printable(pattern->error()) + ")");
    }

    std::string_view text_;
    const Fields& fields_;
    std::size_t at_ = 0;
    std::size_t terms_ = 0;
    std::size_t depth_ = 0;
    std::string_view field_;  // the name read last
    std::vector<FieldUse> uses_;
};

}  // namespace

tl::expected<Filter, FilterError> Filter::read(std::string_view text, const Fields& fields) {
    return Reader(text, fields).read().map([](Parsed parsed) {
        return Filter(std::make_shared<const Parsed>(std::move(parsed)));
    });
}

}  // namespace evenkeel::filter
