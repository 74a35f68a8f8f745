#include "orchestrator/compile/templates/renderer.hpp"

#include <utility>

#include "orchestrator/compile/templates/limits.hpp"

namespace evenkeel::templates {

TemplateResult<Rendered> Renderer::render() {
    if (program_.single_tag) {
        json::Value value = EK_TRY(value_of(program_.ops.front()));
        return Rendered{std::move(value), scope_.secret()};
    }
    EK_CHECK(run(0, program_.ops.size()));
    return Rendered{std::move(out_), scope_.secret()};
}

TemplateResult<> Renderer::run(std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end;) {
        const Op& op = program_.ops[at++];
        EK_CHECK(scope_.spend(1, op.begin));
        if (op.kind == Op::Kind::text) {
            const std::string_view text = program_.text;
            EK_CHECK(put(text.substr(op.begin, op.end - op.begin), op.begin));
        } else if (op.kind == Op::Kind::value) {
            EK_CHECK(put_value(op));
        } else {
            EK_CHECK(run_block(op, at));
            at = op.next;
        }
    }
    return {};
}

TemplateResult<> Renderer::run_block(const Op& op, std::size_t begin) {
    if (op.kind == Op::Kind::condition) {
        const bool holds = EK_TRY(scope_.holds(program_.tests[op.test]));
        return holds ? run(begin, op.next) : TemplateResult<>();
    }
    const Scope::Target target = EK_TRY(scope_.find(op.expression.path, false));
    const bool shown = target.value && is_true(*target.value);
    if (op.kind == Op::Kind::inverted) return shown ? TemplateResult<>() : run(begin, op.next);
    return shown ? run_section(op, begin, target) : TemplateResult<>();
}

// A fault ends the rendering, so that nobody misses the end() of a scope.
TemplateResult<> Renderer::run_section(const Op& op, std::size_t begin,
                                       const Scope::Target& target) {
    if (target.value->is_bool()) return run(begin, op.next);
    if (target.value->is_array()) {
        scope_.begin_list(target);
        for (const json::Value& item : target.value->as_array()) {
            EK_CHECK(scope_.spend(1, op.begin));
            scope_.next_item(item);
            EK_CHECK(run(begin, op.next));
        }
    } else if (target.value->is_object()) {
        scope_.begin_object(target);
        EK_CHECK(run(begin, op.next));
    } else {
        scope_.begin_scalar(target);
        EK_CHECK(run(begin, op.next));
    }
    scope_.end();
    return {};
}

// The value of a tag, with its type.
TemplateResult<json::Value> Renderer::value_of(const Op& op) {
    const Path& path = op.expression.path;
    const Scope::Target found = EK_TRY(scope_.find(path, true));
    if (op.expression.formats.empty()) {
        if (is_longer(*found.value, kOutputBytesMost)) return too_long(path.byte);
        return *found.value;
    }
    return formatted(op.expression, *found.value);
}

TemplateResult<std::string> Renderer::formatted(const Expression& expression,
                                                const json::Value& value) {
    json::Value held;
    const json::Value* at = &value;
    for (const Format& format : expression.formats) {
        if (at->is_array()) EK_CHECK(scope_.spend(at->as_array().size(), expression.path.byte));
        held = EK_TRY(apply(format, *at, expression.path));
        at = &held;
    }
    if (held.as_string().size() > kOutputBytesMost) return too_long(expression.path.byte);
    return held.as_string();
}

TemplateResult<> Renderer::put_value(const Op& op) {
    const Path& path = op.expression.path;
    const Scope::Target found = EK_TRY(scope_.find(path, true));
    if (!op.expression.formats.empty()) {
        return put(EK_TRY(formatted(op.expression, *found.value)), op.begin);
    }
    if (found.value->is_string()) return put(found.value->as_string(), op.begin);
    return put(EK_TRY(text_of(*found.value, path)), op.begin);
}

TemplateResult<> Renderer::put(std::string_view text, std::size_t byte) {
    if (text.size() > kOutputBytesMost - out_.size()) return too_long(byte);
    out_ += text;
    return {};
}

}  // namespace evenkeel::templates
