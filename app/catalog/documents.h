// The vendor's signed documents as values. Shapes: resources/schemas/custom-sealift-v1.schema.json,
// model-v1.schema.json, lifecycle-v1.schema.json. Unknown fields are passed over, so that a vendor
// can write for newer programs, too; what is known must be right.
#pragma once

#include "app/catalog/release.h"
#include "devices/core/lifecycle.h"
#include "devices/core/model.h"

#include <QJsonObject>

namespace sealift {

inline constexpr qint64 kModelMaxBytes = 256 * 1024;
inline constexpr qint64 kLifecycleMaxBytes = 64 * 1024;
inline constexpr qint64 kNotesMaxBytes = 256 * 1024;

// What `custom.sealift` of any target says first: its kind, and for which model.
struct TargetKind {
  QString kind;   // "model", "firmware", "notes", "lifecycle", …; empty: not for this program
  QString model;  // may be empty
};
Result<TargetKind> parseTargetKind(const QJsonObject& custom);

// A firmware target's `custom.sealift` object. `length` and `sha256` are the target's own.
Result<Release> parseRelease(const QString& vendorId, const QString& targetPath, qint64 length,
                             const QByteArray& sha256, const QJsonObject& custom);
// A delta target's `custom.sealift` object, and the path of the firmware target that it results in.
struct DeltaDocument {
  QString model;
  QString component;
  QString to;
  ReleaseDelta delta;
};
Result<DeltaDocument> parseDelta(const QString& targetPath, qint64 length, const QJsonObject& custom);
// The content of a `model` target.
Result<ModelDescription> parseModel(const QString& vendorId, const QByteArray& bytes);
// The document that parseModel reads.
QByteArray writeModel(const ModelDescription& model);
// The content of a `lifecycle` target; gives the model's id and its dates.
struct LifecycleDocument {
  QString model;
  Lifecycle lifecycle;
};
Result<LifecycleDocument> parseLifecycle(const QByteArray& bytes);

}  // namespace sealift
