import Glibc

Port().serve()
exit(0)
