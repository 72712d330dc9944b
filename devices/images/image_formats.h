// The one table of image formats, by the name that models and repositories use. verifyImage() looks in it.
#pragma once

#include "devices/images/image.h"

#include <QStringList>

namespace sealift {

QStringList imageFormatNames();  // in the table's order

}  // namespace sealift
