#include "orchestrator/api/model_schemas.hpp"

#include <string_view>
#include <utility>

#include "orchestrator/api/pages.hpp"

namespace evenkeel::api {
namespace {

// A body may have all that is shown, so that what was read can be sent back. `null` is as if the
// member were not there.
constexpr std::string_view kText = R"({
  "NameIdentity": {
    "type": "object",
    "additionalProperties": false,
    "required": ["name"],
    "properties": {"name": {"type": "string"}}
  },
  "SettingIdentity": {
    "type": "object",
    "additionalProperties": false,
    "required": ["scope", "key"],
    "properties": {"scope": {"type": "string"}, "key": {"type": "string"}}
  },
  "VersionIdentity": {
    "type": "object",
    "additionalProperties": false,
    "required": ["name", "version"],
    "properties": {"name": {"type": "string"}, "version": {"type": "integer"}}
  },
  "Source": {
    "type": ["string", "null"],
    "description": "The folder of manifests that says it: what ek apply --source gave."
  },
  "PlanPreview": {
    "type": "object",
    "required": ["id", "hash", "summary", "groups", "more_groups", "errors", "more_errors",
                 "requires_approval"],
    "properties": {
      "id": {"type": "null"}, "hash": {"type": "string"}, "requires_approval": {"type": "boolean"},
      "summary": {"type": "object", "additionalProperties": {"type": "integer"}},
      "groups": {"type": "array", "items": {"type": "object"}},
      "more_groups": {"type": "integer"},
      "errors": {"type": "array", "items": {"type": "object"}},
      "more_errors": {"type": "integer"}
    }
  },
  "EnvironmentBody": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "name": {"type": "string"}, "note": {"type": ["string", "null"]},
      "protected": {"type": ["boolean", "null"]}, "strategy": {"type": "null"},
      "source": {"type": ["string", "null"]},
      "hosts": {"type": "integer"}, "revision": {"type": "integer"}
    }
  },
  "Environment": {
    "type": "object",
    "additionalProperties": false,
    "required": ["name", "note", "protected", "strategy", "source", "hosts", "revision"],
    "properties": {
      "name": {"type": "string", "description": "A path in the tree: prod/eu"},
      "note": {"type": "string"}, "protected": {"type": "boolean"}, "strategy": {"type": "null"},
      "source": {"$ref": "#/components/schemas/Source"},
      "hosts": {"type": "integer", "description": "In it itself, not below."},
      "revision": {"type": "integer"}
    }
  },
  "Link": {
    "type": ["object", "null"],
    "additionalProperties": false,
    "required": ["scope", "key"],
    "properties": {"scope": {"type": "string"}, "key": {"type": "string"}}
  },
  "SettingBody": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "scope": {"type": "string"}, "key": {"type": "string"},
      "value": {"description": "Any JSON but null; of a secret {\"redacted\"} keeps it."},
      "secret": {"type": ["boolean", "null"]},
      "link": {"$ref": "#/components/schemas/Link"},
      "source": {"type": ["string", "null"]}, "revision": {"type": "integer"}
    }
  },
  "Setting": {
    "type": "object",
    "additionalProperties": false,
    "required": ["scope", "key", "value", "secret", "link", "source", "revision"],
    "properties": {
      "scope": {"type": "string", "description": "global, environment:, host: or assignment:"},
      "key": {"type": "string"},
      "value": {"description": "A secret as {\"redacted\": fingerprint}; null beside a link."},
      "secret": {"type": "boolean"}, "link": {"$ref": "#/components/schemas/Link"},
      "source": {"$ref": "#/components/schemas/Source"}, "revision": {"type": "integer"}
    }
  },
  "ValueBody": {
    "type": ["object", "null"],
    "additionalProperties": false,
    "properties": {
      "value": {}, "secret": {"type": ["boolean", "null"]},
      "link": {"$ref": "#/components/schemas/Link"},
      "source": {"type": ["string", "null"]}
    }
  },
  "ScopePatch": {
    "type": "object",
    "description": "By key; null deletes.",
    "additionalProperties": {"$ref": "#/components/schemas/ValueBody"}
  },
  "ScopePatched": {
    "type": "object",
    "additionalProperties": false,
    "required": ["scope", "settings", "revision"],
    "properties": {
      "scope": {"type": "string"},
      "settings": {
        "type": "object",
        "description": "Those of the patch that are there now.",
        "additionalProperties": {"$ref": "#/components/schemas/ValueBody"}
      },
      "revision": {"type": "integer"}
    }
  },
  "EffectiveSettings": {
    "type": "object",
    "additionalProperties": false,
    "required": ["items"],
    "properties": {
      "items": {
        "type": "array",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": ["key", "value", "from", "overrides"],
          "properties": {
            "key": {"type": "string"}, "value": {},
            "from": {
              "type": ["string", "null"],
              "description": "A scope, or default; null where it is an error."
            },
            "overrides": {
              "type": "array",
              "description": "What it outweighs, the nearest first.",
              "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["scope", "value"],
                "properties": {"scope": {"type": "string"}, "value": {}}
              }
            },
            "error": {"type": "string"}
          }
        }
      }
    }
  },
  "WantedResource": {
    "type": "object",
    "additionalProperties": false,
    "required": ["collection", "id", "description", "policy", "requires", "notifies", "owners"],
    "properties": {
      "collection": {"type": "string"}, "id": {"type": "string"},
      "description": {
        "type": "object",
        "description": "Secrets redacted; each field, where the host has not told its schema yet."
      },
      "policy": {"type": "string"},
      "requires": {"type": "array", "items": {"type": "object"}},
      "notifies": {"type": "array", "items": {"type": "object"}},
      "owners": {"type": "array", "items": {"$ref": "#/components/schemas/Owner"}}
    }
  },
  "WantedList": {
    "type": "object",
    "additionalProperties": false,
    "required": ["status", "revision", "errors", "items"],
    "properties": {
      "status": {"type": "string", "enum": ["compiled", "error"]},
      "revision": {"type": "integer", "description": "Of the model."},
      "errors": {
        "type": "array",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": ["assignment", "pointer", "code", "detail"],
          "properties": {
            "assignment": {"type": "string"}, "pointer": {"type": "string"},
            "code": {"type": "string"}, "detail": {"type": "string"}
          }
        }
      },
      "items": {
        "type": "array",
        "description": "By collection and id; none with errors.",
        "items": {"$ref": "#/components/schemas/WantedResource"}
      }
    }
  },
  "SettingImpact": {
    "type": "object",
    "additionalProperties": false,
    "required": ["scope", "key", "summary", "groups", "more_groups"],
    "properties": {
      "scope": {"type": "string"}, "key": {"type": "string"},
      "summary": {
        "type": "object",
        "additionalProperties": false,
        "required": ["hosts", "resources"],
        "properties": {
          "hosts": {"type": "integer"},
          "resources": {"type": "integer", "description": "On all of them together."}
        }
      },
      "groups": {
        "type": "array",
        "description": "At most 100.",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": ["count", "hosts", "resources"],
          "properties": {
            "count": {"type": "integer"},
            "hosts": {
              "type": "array",
              "description": "The first 20 by name.",
              "items": {"type": "string"}
            },
            "resources": {
              "type": "array",
              "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["collection", "id"],
                "properties": {"collection": {"type": "string"}, "id": {"type": "string"}}
              }
            }
          }
        }
      },
      "more_groups": {"type": "integer"}
    }
  },
  "ApplicationBody": {
    "type": "object",
    "properties": {
      "name": {"type": "string"}, "version": {"type": "integer"},
      "note": {"type": ["string", "null"]},
      "parameters": {"type": ["object", "null"], "description": "JSON Schema of an object."},
      "resources": {"type": ["array", "null"], "items": {"type": "object"}},
      "peers": {"type": ["object", "null"], "additionalProperties": {"type": "object"}},
      "source": {"type": ["string", "null"]}, "revision": {"type": "integer"}
    }
  },
  "Application": {
    "type": "object",
    "additionalProperties": false,
    "required": ["name", "version", "note", "parameters", "resources", "peers", "revision"],
    "properties": {
      "name": {"type": "string"}, "version": {"type": "integer"}, "note": {"type": "string"},
      "parameters": {"type": "object"}, "resources": {"type": "array"},
      "peers": {"type": "object"},
      "source": {"$ref": "#/components/schemas/Source"}, "revision": {"type": "integer"}
    }
  },
  "AssignmentBody": {
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "name": {"type": "string"}, "note": {"type": ["string", "null"]},
      "application": {"type": "string"}, "version": {"type": ["string", "integer", "null"]},
      "environment": {"type": ["string", "null"]},
      "host": {"type": ["string", "null"], "description": "By id or name."},
      "filter": {"type": ["string", "null"]},
      "settings": {
        "type": ["object", "null"],
        "description": "All of assignment:NAME; without it they are kept.",
        "additionalProperties": {"$ref": "#/components/schemas/ValueBody"}
      },
      "policy": {"type": ["string", "null"]}, "enabled": {"type": ["boolean", "null"]},
      "adopt": {"type": ["boolean", "null"]}, "on_leave": {"type": ["string", "null"]},
      "source": {"type": ["string", "null"]}, "revision": {"type": "integer"}
    }
  },
  "Assignment": {
    "type": "object",
    "additionalProperties": false,
    "required": ["name", "note", "application", "version", "environment", "host", "filter",
                 "settings", "policy", "enabled", "adopt", "on_leave", "source", "revision"],
    "properties": {
      "name": {"type": "string"}, "note": {"type": "string"}, "application": {"type": "string"},
      "version": {"type": ["string", "integer"]}, "environment": {"type": ["string", "null"]},
      "host": {"type": ["string", "null"]}, "filter": {"type": ["string", "null"]},
      "settings": {
        "type": "object",
        "additionalProperties": {"$ref": "#/components/schemas/ValueBody"}
      },
      "policy": {"type": ["string", "null"]}, "enabled": {"type": "boolean"},
      "adopt": {"type": "boolean"}, "on_leave": {"type": "string"},
      "source": {"$ref": "#/components/schemas/Source"}, "revision": {"type": "integer"}
    }
  }
})";

json::Value reference(const std::string& name) {
    return json::Object{{"$ref", "#/components/schemas/" + name}};
}

// What a change answers: the object, or what a dry run would do to hosts.
json::Value or_plan(const std::string& item) {
    return json::Object{{"oneOf", json::Array{reference(item), reference("PlanPreview")}}};
}

}  // namespace

Result<json::Object> model_schemas() {
    json::Value text = EK_TRY(json::parse(kText));
    json::Object all = std::move(text.as_object());
    for (const char* item : {"Environment", "Setting", "Application", "Assignment"}) {
        all.append(std::string(item) + "List", list_schema(item));
    }
    for (const char* item :
         {"Environment", "Setting", "Application", "Assignment", "ScopePatched", "Host"}) {
        all.append(std::string(item) + "OrPlan", or_plan(item));
    }
    return all;
}

}  // namespace evenkeel::api
