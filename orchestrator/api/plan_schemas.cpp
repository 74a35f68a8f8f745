#include "orchestrator/api/plan_schemas.hpp"

#include <string_view>
#include <utility>

#include "orchestrator/api/pages.hpp"

namespace evenkeel::api {
namespace {

constexpr std::string_view kText = R"({
  "PlanChange": {
    "type": "object",
    "additionalProperties": false,
    "required": ["method", "path"],
    "properties": {
      "method": {"enum": ["PUT", "PATCH", "DELETE", "POST"]},
      "path": {"type": "string", "description": "/v1/settings/global/port"},
      "body": {"description": "As of that request; in answers secrets are redacted."}
    }
  },
  "PlanPost": {
    "type": "object",
    "additionalProperties": false,
    "required": ["changes"],
    "properties": {
      "changes": {
        "type": "array", "minItems": 1, "maxItems": 10000,
        "items": {"$ref": "#/components/schemas/PlanChange"}
      },
      "live": {"type": ["boolean", "null"]}
    }
  },
  "PlanDecision": {
    "type": "object",
    "additionalProperties": false,
    "properties": {"hash": {"type": "string", "description": "Only of the plan that has it."}}
  },
  "PlanFields": {
    "type": "array",
    "items": {
      "type": "object",
      "required": ["path"],
      "properties": {"path": {"type": "string"}, "before": {}, "after": {},
                     "omitted": {"type": "boolean"}}
    }
  },
  "PlanAnswer": {
    "type": "object",
    "description": "What a host says of a resource, as an entry of a command that is a dry run.",
    "required": ["outcome", "changes", "error", "notes"],
    "properties": {
      "count": {"type": "integer", "description": "Of a group: how many hosts say so."},
      "hosts": {"type": "array", "items": {"type": "string"}},
      "outcome": {"enum": ["planned", "failed", "skipped"]},
      "changes": {"type": "array", "items": {"type": "object", "required": ["path"]}},
      "error": {"type": ["object", "null"]},
      "notes": {"type": "array", "items": {"type": "string"}}
    }
  },
  "PlanGroup": {
    "type": "object",
    "additionalProperties": false,
    "required": ["count", "hosts", "resources"],
    "properties": {
      "count": {"type": "integer"},
      "hosts": {"type": "array", "items": {"type": "string"}, "description": "The first by name."},
      "resources": {
        "type": "array",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": ["collection", "id", "change", "paths", "sample"],
          "properties": {
            "collection": {"type": "string"}, "id": {"type": "string"},
            "change": {"enum": ["add", "change", "forget", "remove"]},
            "paths": {"type": "array", "items": {"type": "string"}},
            "live": {
              "type": "array", "maxItems": 10,
              "description": "What hosts say of it; those that say the same are one.",
              "items": {"$ref": "#/components/schemas/PlanAnswer"}
            },
            "sample": {
              "type": "object",
              "required": ["host", "fields"],
              "properties": {"host": {"type": "string"},
                             "fields": {"$ref": "#/components/schemas/PlanFields"}}
            }
          }
        }
      }
    }
  },
  "PlanErrors": {
    "type": "array",
    "items": {
      "type": "object",
      "required": ["assignment", "pointer", "code", "detail"],
      "properties": {
        "assignment": {"type": "string"}, "pointer": {"type": "string"},
        "code": {"type": "string"}, "detail": {"type": "string"},
        "count": {"type": "integer"}, "hosts": {"type": "array", "items": {"type": "string"}}
      }
    }
  },
  "PlanDetails": {
    "allOf": [
      {"$ref": "#/components/schemas/Plan"},
      {
        "type": "object",
        "required": ["changes", "groups", "more_groups", "errors", "more_errors", "unasked",
                     "more_unasked"],
        "properties": {
          "changes": {"type": "array", "items": {"$ref": "#/components/schemas/PlanChange"}},
          "groups": {"type": "array", "items": {"$ref": "#/components/schemas/PlanGroup"}},
          "more_groups": {"type": "integer"},
          "errors": {"$ref": "#/components/schemas/PlanErrors"},
          "more_errors": {"type": "integer"},
          "live": {
            "type": "object",
            "description": "Of one for which hosts were asked for their dry run.",
            "additionalProperties": false,
            "required": ["asked", "answered"],
            "properties": {"asked": {"type": "integer"}, "answered": {"type": "integer"}}
          },
          "unasked": {
            "type": "array",
            "description": "Hosts that were not asked, or have not answered, and why; by name.",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": ["host", "code", "detail"],
              "properties": {"host": {"type": "string"}, "code": {"type": "string"},
                             "detail": {"type": "string"}}
            }
          },
          "more_unasked": {"type": "integer"},
          "progress": {
            "type": "object",
            "description": "Of one that is applied: how many hosts are how far.",
            "additionalProperties": false,
            "required": ["hosts", "waiting", "succeeded", "failed", "unreachable"],
            "properties": {
              "hosts": {"type": "integer"}, "waiting": {"type": "integer"},
              "succeeded": {"type": "integer"}, "failed": {"type": "integer"},
              "unreachable": {"type": "integer"}
            }
          }
        }
      }
    ]
  },
  "PlanOfHost": {
    "type": "object",
    "additionalProperties": false,
    "required": ["host", "name", "resources", "errors"],
    "properties": {
      "host": {"type": "string"}, "name": {"type": "string"},
      "resources": {
        "type": "array",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": ["collection", "id", "change", "paths", "fields"],
          "properties": {
            "collection": {"type": "string"}, "id": {"type": "string"},
            "change": {"enum": ["add", "change", "forget", "remove"]},
            "paths": {"type": "array", "items": {"type": "string"}},
            "fields": {"$ref": "#/components/schemas/PlanFields"},
            "live": {"$ref": "#/components/schemas/PlanAnswer"}
          }
        }
      },
      "live": {
        "type": "object",
        "description": "Of a host that was asked, and has answered.",
        "additionalProperties": false,
        "required": ["actions"],
        "properties": {
          "actions": {
            "type": "array",
            "items": {
              "type": "object",
              "required": ["collection", "id", "action"],
              "properties": {"collection": {"type": "string"}, "id": {"type": "string"},
                             "action": {"type": "string"}}
            }
          }
        }
      },
      "errors": {"$ref": "#/components/schemas/PlanErrors"}
    }
  }
})";

}  // namespace

Result<json::Object> plan_schemas() {
    json::Value text = EK_TRY(json::parse(kText));
    json::Object all = std::move(text.as_object());
    for (const char* item : {"Plan", "PlanGroup"}) {
        all.append(std::string(item) + "List", list_schema(item));
    }
    return all;
}

}  // namespace evenkeel::api
