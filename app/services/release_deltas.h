// A vendor's differences between the images of its releases, as targets of their own. One thread; blocks.
#pragma once

#include "app/base/cancel_token.h"
#include "app/services/vendor_desk.h"
#include "keystore/tuf/publisher/publisher.h"

namespace sealift {

// The new release that differences lead to.
struct DeltaGoal {
  QString modelId;
  QString component;
  Version version;
  QString targetPath;
  const QByteArray& image;
};

// From the images of these versions ("all": of each that there is) to the new one; of both kinds the smaller one, where
// it saves at least a quarter of the download. Each is applied before it is given out. Nothing is staged; `told` gets a
// row for each. NotFound when a version has no image.
Result<QList<tuf::NewTarget>> makeReleaseDeltas(const tuf::Publisher& publisher, const DeltaGoal& goal,
                                                const QStringList& fromVersions, QList<AddedDelta>& told,
                                                const CancelToken& cancel);

// The `custom` object of a target.
QJsonObject targetCustom(QJsonObject sealift);

}  // namespace sealift
