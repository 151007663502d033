#include "bedrockstream_types.h"
