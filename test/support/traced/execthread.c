#include <pthread.h>
#include <unistd.h>
static void*go(void*p){ execl("/bin/true","true",(char*)0); return 0;}
int main(){pthread_t t; pthread_create(&t,0,go,0); pause();}
